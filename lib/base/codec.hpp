// SPDX-License-Identifier: Apache-2.0
// The primitives of all our formats: little-endian integers, varints, and bytes with a length.
//
// A varint is LEB128: seven bits a byte, least significant first, the top bit says that more follow;
// at most 10 bytes, and only the shortest form is accepted, so that a value has one encoding.
// A signed varint maps 0, -1, 1, -2 ... to 0, 1, 2, 3 ... first.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace rs {

// Appends to a buffer that the caller owns.
class Encoder {
public:
    explicit Encoder(Buffer& out) : out_(out) {}

    void u8(std::uint8_t value) { out_.push_back(std::byte{value}); }
    void u32(std::uint32_t value) { fixed(value, 4); }
    void u64(std::uint64_t value) { fixed(value, 8); }
    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            u8(static_cast<std::uint8_t>(value | 0x80));
            value >>= 7;
        }
        u8(static_cast<std::uint8_t>(value));
    }
    void svarint(std::int64_t value) {
        varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void raw(ByteSpan bytes) { append(out_, bytes); }
    // A varint length, then the bytes.
    void bytes(ByteSpan value) {
        varint(value.size());
        raw(value);
    }
    void text(std::string_view value) { bytes(as_bytes(value)); }

    [[nodiscard]] std::size_t size() const { return out_.size(); }

private:
    void fixed(std::uint64_t value, int width) {
        for (int i = 0; i < width; ++i) u8(static_cast<std::uint8_t>(value >> (8 * i)));
    }

    Buffer& out_;
};

// Reads from a span that must outlive it. Every read checks the bounds; whatever does not fit is
// Error(Exit::data) that names `what`, the thing being decoded.
class Decoder {
public:
    Decoder(ByteSpan bytes, std::string what) : rest_(bytes), what_(std::move(what)) {}

    [[nodiscard]] std::uint8_t u8();
    [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
    [[nodiscard]] std::uint64_t u64() { return fixed(8); }
    [[nodiscard]] std::uint64_t varint();
    [[nodiscard]] std::int64_t svarint();
    // A varint that must be <= limit.
    [[nodiscard]] std::uint64_t varint(std::uint64_t limit, std::string_view field);
    [[nodiscard]] ByteSpan raw(std::size_t size);
    // A varint length <= limit, then as many bytes. The view lives as long as the input.
    [[nodiscard]] ByteSpan bytes(std::size_t limit, std::string_view field);
    [[nodiscard]] std::string_view text(std::size_t limit, std::string_view field) {
        return as_text(bytes(limit, field));
    }
    template <std::size_t N>
    [[nodiscard]] std::array<std::byte, N> array() {
        std::array<std::byte, N> out;
        const ByteSpan from = raw(N);
        std::memcpy(out.data(), from.data(), N);
        return out;
    }

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
    [[nodiscard]] ByteSpan rest() const { return rest_; }
    // Fails unless everything was read.
    void finish() const;
    [[noreturn]] void bad(std::string_view why) const;

private:
    std::uint64_t fixed(std::size_t width);

    ByteSpan rest_;
    std::string what_;
};

} // namespace rs
