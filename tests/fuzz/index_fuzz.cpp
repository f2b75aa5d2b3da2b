// SPDX-License-Identifier: Apache-2.0
// The index of a pack: mapped, so it needs a file.
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.hpp"
#include "io/file.hpp"
#include "store/pack_index.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        const io::Fd fd(::memfd_create("fuzz", MFD_CLOEXEC));
        io::write_all(fd.get(), fuzz::bytes(data, size), "fuzz");
        const store::PackIndex index(fd.get(), "fuzz", false);
        for (std::uint32_t i = 0; i < index.chunks() && i < 4096; ++i)
            if (index.length(i) > 0 && index.segment_end(index.segment_of(i)) <= i) __builtin_trap();
    });
}
