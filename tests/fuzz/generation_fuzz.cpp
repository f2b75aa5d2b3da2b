// SPDX-License-Identifier: Apache-2.0
// A generation file. Its digest would stop nearly every input, so it is made right first.
#include "chunk/sha256.hpp"
#include "fuzz.hpp"
#include "store/generation.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        const ByteSpan input = fuzz::bytes(data, size);
        Buffer file(input.begin(), input.end());
        const chunk::Digest digest = chunk::sha256(file);
        append(file, digest);
        const store::GenerationFile g = store::GenerationFile::decode(file, "fuzz");
        static_cast<void>(g.encode());
    });
}
