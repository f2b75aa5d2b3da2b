// SPDX-License-Identifier: Apache-2.0
#include "base/codec.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs {

void Decoder::bad(std::string_view why) const { fail(Exit::data, cat(what_, ": ", why)); }

ByteSpan Decoder::raw(std::size_t size) {
    if (size > rest_.size()) bad("ends too early");
    const ByteSpan out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
}

std::uint8_t Decoder::u8() {
    if (rest_.empty()) bad("ends too early");
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
}

std::uint64_t Decoder::fixed(std::size_t width) {
    const ByteSpan from = raw(width);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i)
        value |= static_cast<std::uint64_t>(from[i]) << (8 * i);
    return value;
}

std::uint64_t Decoder::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = u8();
        const std::uint64_t bits = byte & 0x7fU;
        if (shift == 63 && bits > 1) bad("a number exceeds 64 bits");
        value |= bits << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift > 0) bad("a number is not in its shortest form");
            return value;
        }
    }
    bad("a number exceeds 64 bits");
}

std::int64_t Decoder::svarint() {
    const std::uint64_t z = varint();
    return static_cast<std::int64_t>((z >> 1) ^ (~(z & 1) + 1));
}

std::uint64_t Decoder::varint(std::uint64_t limit, std::string_view field) {
    const std::uint64_t value = varint();
    if (value > limit) bad(cat(field, " is ", value, ", more than the limit of ", limit));
    return value;
}

ByteSpan Decoder::bytes(std::size_t limit, std::string_view field) {
    return raw(static_cast<std::size_t>(varint(limit, field)));
}

void Decoder::finish() const {
    if (!rest_.empty()) bad(cat(count_of(rest_.size(), "byte"), " too many at the end"));
}

} // namespace rs
