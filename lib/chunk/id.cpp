// SPDX-License-Identifier: Apache-2.0
#include "chunk/id.hpp"

#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h> // picks AVX2 or AVX-512 at run time
#endif

#include "base/text.hpp"
#include "chunk/sha256.hpp"

namespace rs::chunk {

std::string ChunkId::hex() const { return to_hex(as_text(bytes)); }

Hasher::Hasher(const Key& key) : key_(key) {
    for (std::size_t i = 0; i < secret_.size() / 32; ++i) {
        Sha256 hash;
        hash.update(key);
        const std::byte index{static_cast<std::uint8_t>(i)};
        hash.update(ByteSpan(&index, 1));
        const Digest part = hash.finish();
        std::memcpy(secret_.data() + 32 * i, part.data(), part.size());
    }
}

ChunkId Hasher::id(ByteSpan bytes) const {
    const XXH128_hash_t hash =
        XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size());
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    ChunkId out;
    static_assert(sizeof canonical.digest == sizeof out.bytes);
    std::memcpy(out.bytes.data(), canonical.digest, sizeof canonical.digest);
    return out;
}

std::uint64_t checksum(ByteSpan bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

} // namespace rs::chunk
