// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"
#include "stream/have.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        io::BufferSource source(fuzz::bytes(data, size), 4096);
        stream::HaveReader reader(source);
        const stream::HaveIndex index(reader.table());
        stream::HaveEntry entry;
        while (reader.next(entry)) {
        }
    });
}
