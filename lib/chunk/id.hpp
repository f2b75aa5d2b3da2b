// SPDX-License-Identifier: Apache-2.0
// Chunk ids: keyed XXH3-128 of a chunk's bytes.
//
// XXH3 finds equal chunks; it does not prove a restore. The key, random per store, keeps somebody
// who can only place content in the protected data from preparing two chunks with one id. It is no
// secret towards the exporter or the importer: both get it in the stream. What proves a restore is the
// SHA-256 of each file (rs-store(5), TRUST).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.hpp"

namespace rs::chunk {

// XXH128 in its canonical (big-endian) byte order.
struct ChunkId {
    std::array<std::byte, 16> bytes{};

    auto operator<=>(const ChunkId&) const = default;
    // The first 8 bytes, for hash tables: ids are uniform already.
    [[nodiscard]] std::uint64_t prefix() const {
        std::uint64_t out = 0;
        std::memcpy(&out, bytes.data(), sizeof out);
        return out;
    }
    // All 16 bytes and a seed, for tables of ids that somebody else has chosen. The multiplier is that of SplitMix64.
    [[nodiscard]] std::uint64_t mixed(std::uint64_t seed) const {
        std::uint64_t low = 0, high = 0;
        std::memcpy(&low, bytes.data(), sizeof low);
        std::memcpy(&high, bytes.data() + sizeof low, sizeof high);
        std::uint64_t z = (low ^ seed) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 32) ^ high) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    [[nodiscard]] std::string hex() const;
};

using Key = std::array<std::byte, 16>;

// From a given key always the same ids, on every machine. The secret of XXH3 (192 bytes) is SHA-256 of
// the key and one byte i, for i = 0 to 5, one after the other.
class Hasher {
public:
    explicit Hasher(const Key& key);
    [[nodiscard]] ChunkId id(ByteSpan bytes) const;
    [[nodiscard]] const Key& key() const { return key_; }

private:
    Key key_;
    std::array<std::byte, 192> secret_;
};

// XXH3-64 without a key: the checksum of a frame in a pack, to find bit rot without decompressing.
[[nodiscard]] std::uint64_t checksum(ByteSpan bytes);

} // namespace rs::chunk

template <>
struct std::hash<rs::chunk::ChunkId> {
    std::size_t operator()(const rs::chunk::ChunkId& id) const noexcept { return id.prefix(); }
};
