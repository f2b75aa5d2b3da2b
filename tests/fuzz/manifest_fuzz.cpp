// SPDX-License-Identifier: Apache-2.0
// One manifest block.
#include "fuzz.hpp"
#include "stream/manifest.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        stream::ManifestReader reader(stream::decode_block(fuzz::bytes(data, size), "fuzz"), "fuzz");
        stream::Op op;
        while (reader.next(op)) {
        }
    });
}
