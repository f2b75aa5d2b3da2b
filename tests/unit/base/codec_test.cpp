// SPDX-License-Identifier: Apache-2.0
#include "base/codec.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;

namespace {

constexpr std::uint64_t top = std::numeric_limits<std::uint64_t>::max();

Buffer varint_of(std::uint64_t value) {
    Buffer out;
    Encoder(out).varint(value);
    return out;
}

Buffer svarint_of(std::int64_t value) {
    Buffer out;
    Encoder(out).svarint(value);
    return out;
}

// Smallest and largest value of each length.
std::vector<std::uint64_t> varint_borders() {
    std::vector<std::uint64_t> out{0, 1, top};
    for (unsigned bits = 7; bits < 64; bits += 7) {
        out.push_back((std::uint64_t{1} << bits) - 1);
        out.push_back(std::uint64_t{1} << bits);
        out.push_back((std::uint64_t{1} << bits) + 1);
    }
    return out;
}

std::size_t varint_size(std::uint64_t value) {
    std::size_t size = 1;
    for (; value >= 128; value /= 128) ++size;
    return size;
}

} // namespace

TEST_CASE("fixed integers are little-endian") {
    Buffer out;
    Encoder encoder(out);
    encoder.u8(0xfe);
    encoder.u32(0x01020304);
    encoder.u64(0x0102030405060708);
    CHECK(equal(out, bytes_of({0xfe, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1})));
    CHECK(encoder.size() == out.size());
    Decoder in(out, "test");
    CHECK(in.u8() == 0xfe);
    CHECK(in.u32() == 0x01020304);
    CHECK(in.u64() == 0x0102030405060708);
    in.finish();
}

TEST_CASE("a varint has the encoding of LEB128") {
    CHECK(equal(varint_of(0), bytes_of({0x00})));
    CHECK(equal(varint_of(127), bytes_of({0x7f})));
    CHECK(equal(varint_of(128), bytes_of({0x80, 0x01})));
    CHECK(equal(varint_of(300), bytes_of({0xac, 0x02})));
    CHECK(equal(varint_of(16383), bytes_of({0xff, 0x7f})));
    CHECK(equal(varint_of(16384), bytes_of({0x80, 0x80, 0x01})));
    CHECK(equal(varint_of(top),
                bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})));
}

TEST_CASE("a varint of each length takes as few bytes as it can and is read back") {
    for (const std::uint64_t value : varint_borders()) {
        CAPTURE(value);
        const Buffer out = varint_of(value);
        CHECK(out.size() == varint_size(value));
        Decoder in(out, "test");
        CHECK(in.varint() == value);
        CHECK(in.empty());
    }
}

TEST_CASE("a signed varint maps 0, -1, 1, -2 to 0, 1, 2, 3") {
    struct Row {
        std::int64_t value;
        std::uint64_t mapped;
    };
    static constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
    static constexpr Row rows[] = {
        {0, 0},   {-1, 1},    {1, 2},    {-2, 3},           {2, 4},        {63, 126}, {-64, 127},
        {64, 128}, {-65, 129}, {highest, top - 1}, {lowest, top}, {lowest + 1, top - 2},
    };
    for (const Row& row : rows) {
        CAPTURE(row.value);
        CHECK(equal(svarint_of(row.value), varint_of(row.mapped)));
        const Buffer out = svarint_of(row.value);
        Decoder in(out, "test");
        CHECK(in.svarint() == row.value);
        CHECK(in.empty());
    }
}

TEST_CASE("a varint that is not in its shortest form is refused") {
    for (const std::uint64_t value : varint_borders()) {
        CAPTURE(value);
        Buffer padded = varint_of(value);
        while (padded.size() < 10) {
            padded.back() |= std::byte{0x80};
            padded.push_back(std::byte{0});
            CAPTURE(padded.size());
            CHECK(code_of([&] { (void)Decoder(padded, "test").varint(); }) == Exit::data);
            CHECK(code_of([&] { (void)Decoder(padded, "test").svarint(); }) == Exit::data);
        }
    }
}

TEST_CASE("a varint beyond 64 bits is refused") {
    const Buffer rows[] = {
        bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}),
        bytes_of({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02}),
        bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}),
        bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00}),
        bytes_of({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}),
    };
    for (const Buffer& row : rows) {
        CAPTURE(to_hex(as_text(row)));
        const Failure failure = failure_of([&] { (void)Decoder(row, "a thing").varint(); });
        CHECK(failure.code == Exit::data);
        CHECK(failure.names("a thing: "));
    }
}

TEST_CASE("a varint may equal its limit and not exceed it") {
    for (const std::uint64_t limit : varint_borders()) {
        CAPTURE(limit);
        const Buffer at = varint_of(limit);
        CHECK(Decoder(at, "test").varint(limit, "field") == limit);
        if (limit == top) continue;
        const Buffer above = varint_of(limit + 1);
        const Failure failure =
            failure_of([&] { (void)Decoder(above, "a thing").varint(limit, "its field"); });
        CHECK(failure.code == Exit::data);
        CHECK(failure.names("a thing: its field is "));
    }
}

TEST_CASE("bytes with a length are refused beyond the limit and beyond the end") {
    Buffer out;
    Encoder(out).text("abc");
    CHECK(equal(out, bytes_of({3, 'a', 'b', 'c'})));
    CHECK(Decoder(out, "test").text(3, "name") == "abc");
    CHECK(as_text(Decoder(out, "test").bytes(SIZE_MAX, "name")) == "abc");
    CHECK(failure_of([&] { (void)Decoder(out, "test").text(2, "name"); }).names("name is 3"));
    CHECK(code_of([&] { (void)Decoder(out, "test").bytes(2, "name"); }) == Exit::data);
    // A length that promises more than there is, up to all that a number can say.
    for (const std::uint64_t size : {std::uint64_t{4}, std::uint64_t{1} << 40, top}) {
        CAPTURE(size);
        Buffer lie = varint_of(size);
        append(lie, as_bytes("abc"));
        CHECK(code_of([&] { (void)Decoder(lie, "test").bytes(SIZE_MAX, "name"); }) == Exit::data);
    }
    CHECK(code_of([&] { (void)Decoder(out, "test").raw(5); }) == Exit::data);
    CHECK(code_of([&] { (void)Decoder(out, "test").raw(SIZE_MAX); }) == Exit::data);
}

TEST_CASE("empty bytes and an empty input are values like others") {
    Buffer out;
    Encoder(out).bytes({});
    Encoder(out).raw({});
    CHECK(equal(out, bytes_of({0})));
    Decoder in(out, "test");
    CHECK(in.bytes(0, "nothing").empty());
    CHECK(in.raw(0).empty());
    in.finish();
    Decoder nothing({}, "test");
    CHECK(nothing.empty());
    CHECK(nothing.raw(0).empty());
    nothing.finish();
}

TEST_CASE("a decoder keeps count of what is left, and finish refuses a rest") {
    const Buffer out = bytes_of({1, 2, 3});
    Decoder in(out, "a thing");
    CHECK(in.remaining() == 3);
    CHECK(failure_of([&] { in.finish(); }).names("a thing: 3 bytes too many"));
    CHECK(in.u8() == 1);
    CHECK(in.remaining() == 2);
    CHECK(equal(in.rest(), bytes_of({2, 3})));
    CHECK(in.u8() == 2);
    CHECK_FALSE(in.empty());
    CHECK(failure_of([&] { in.finish(); }).names("a thing: 1 byte too many"));
    CHECK(in.u8() == 3);
    CHECK(in.empty());
    CHECK(code_of([&] { in.finish(); }) == Exit::ok);
    CHECK(failure_of([&] { (void)in.u8(); }).names("a thing: "));
    const Failure failure = failure_of([&] { in.bad("is odd"); });
    CHECK(failure.code == Exit::data);
    CHECK(failure.message == "a thing: is odd");
}

TEST_CASE("a message cut at any length is refused, and nothing past the cut is read") {
    Buffer whole;
    Encoder out(whole);
    out.u8(7);
    out.u32(0xdeadbeef);
    out.u64(top);
    out.varint(top);
    out.svarint(-1234567);
    out.text("some text");
    out.raw(Buffer(32, std::byte{9}));
    const auto read = [](ByteSpan bytes) {
        Decoder in(bytes, "message");
        bool good = in.u8() == 7;
        good = in.u32() == 0xdeadbeef && good;
        good = in.u64() == top && good;
        good = in.varint() == top && good;
        good = in.svarint() == -1234567 && good;
        good = in.text(100, "text") == "some text" && good;
        good = in.array<32>()[31] == std::byte{9} && good;
        in.finish();
        CHECK(good);
    };
    CHECK(code_of([&] { read(whole); }) == Exit::ok);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const Failure failure = failure_of([&] { read(cut); });
        CHECK(failure.code == Exit::data);
        CHECK(failure.names("message: "));
    }
    Buffer longer = whole;
    longer.push_back(std::byte{0});
    CHECK(code_of([&] { read(longer); }) == Exit::data);
}

TEST_CASE("numbers of every magnitude are read back from one buffer") {
    const std::uint64_t seed = 11;
    CAPTURE(seed);
    Random random(seed);
    std::vector<std::uint64_t> values;
    Buffer bytes;
    Encoder out(bytes);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t value = random() >> random.below(64);
        values.push_back(value);
        out.varint(value);
        out.svarint(static_cast<std::int64_t>(value));
        out.u64(value);
    }
    Decoder in(bytes, "numbers");
    bool good = true;
    for (const std::uint64_t value : values)
        good = in.varint() == value && in.svarint() == static_cast<std::int64_t>(value) &&
               in.u64() == value && good;
    CHECK(good);
    in.finish();
}
