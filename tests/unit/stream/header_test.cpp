// SPDX-License-Identifier: Apache-2.0
#include "stream/header.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "base/text.hpp"
#include "stream/format.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

Header full_header() {
    Header h;
    h.purpose = Purpose::dump;
    h.generation = {3, 118};
    h.parent = Parent{{3, 117}, chunk::sha256(as_bytes("parent"))};
    h.time = {-5, 999'999'999};
    h.host = "host.example";
    h.instance = "wiki0";
    h.name = "wiki";
    h.key.fill(std::byte{0x5a});
    h.store.emplace();
    h.store->fill(std::byte{0xa5});
    h.changed_while_read = true;
    h.expected_bytes = UINT64_MAX;
    return h;
}

Buffer encoded(const Header& h) {
    Buffer out;
    Encoder encoder(out);
    encode_header(encoder, h);
    return out;
}

void check_equal(const Header& a, const Header& b) {
    CHECK(a.purpose == b.purpose);
    CHECK(a.generation == b.generation);
    CHECK((a.parent == b.parent));
    CHECK((a.time == b.time));
    CHECK(a.host == b.host);
    CHECK(a.instance == b.instance);
    CHECK(a.name == b.name);
    CHECK((a.key == b.key));
    CHECK((a.store == b.store));
    CHECK(a.changed_while_read == b.changed_while_read);
    CHECK(a.expected_bytes == b.expected_bytes);
}

// A header of any fields: number, and how its value is written.
struct Field {
    std::uint64_t number;
    std::function<void(Encoder&)> value;
};

Buffer forged(const std::vector<Field>& fields) {
    Buffer out;
    Encoder encoder(out);
    for (const Field& field : fields) {
        Buffer value;
        Encoder inner(value);
        field.value(inner);
        encoder.varint(field.number);
        encoder.bytes(value);
    }
    return out;
}

Exit code(const std::vector<Field>& fields) {
    return code_of([&] { (void)decode_header(forged(fields), "header"); });
}

Field number(std::uint64_t field, std::uint64_t value) {
    return {field, [=](Encoder& out) { out.varint(value); }};
}
Field raw(std::uint64_t field, std::size_t size) {
    return {field, [=](Encoder& out) { out.raw(Buffer(size, std::byte{'x'})); }};
}
Field generation(std::uint64_t field, std::uint64_t epoch, std::uint64_t counter) {
    return {field, [=](Encoder& out) {
                out.varint(epoch);
                out.varint(counter);
            }};
}

const Field dump = number(1, 1), have = number(1, 2), gen = generation(2, 1, 1), key = raw(8, 16);

} // namespace

TEST_CASE("a header with every field is read back") {
    for (const Purpose purpose : {Purpose::dump, Purpose::have}) {
        Header h = full_header();
        h.purpose = purpose;
        check_equal(decode_header(encoded(h), "header"), h);
    }
}

TEST_CASE("a header with the fewest fields is read back") {
    Header h;
    h.generation = {1, 1};
    check_equal(decode_header(encoded(h), "header"), h);
    Header none;
    none.purpose = Purpose::have;
    check_equal(decode_header(encoded(none), "header"), none);
}

TEST_CASE("headers at the limits are read back") {
    Header h = full_header();
    h.generation = {max_generation_part, max_generation_part};
    h.parent->generation = {max_generation_part, 1};
    h.time = {INT64_MIN, 0};
    h.host = std::string(max_text_bytes, 'h');
    h.instance = std::string(max_text_bytes, '\0');
    h.name = std::string(max_text_bytes, '\xff');
    check_equal(decode_header(encoded(h), "header"), h);
    CHECK(encoded(h).size() < max_header_bytes);
    h.time = {INT64_MAX, 1};
    check_equal(decode_header(encoded(h), "header"), h);
}

TEST_CASE("a text that no reader would take is refused by the writer as wrong usage") {
    const std::string text(max_text_bytes + 1, 'x');
    for (std::string Header::* const field : {&Header::host, &Header::instance, &Header::name}) {
        Header h = full_header();
        h.*field = text;
        CHECK(code_of([&] { (void)encoded(h); }) == Exit::usage);
    }
}

TEST_CASE("a header names its purpose, and it is a known one") {
    CHECK(code({dump, gen, key}) == Exit::ok);
    CHECK(code({have, gen, key}) == Exit::ok);
    CHECK(code({gen, key}) == Exit::data);
    for (const std::uint64_t purpose : {0U, 3U, 4U, 100U, 127U}) {
        CAPTURE(purpose);
        CHECK(code({number(1, purpose), gen, key}) == Exit::data);
    }
    CHECK(code({raw(1, 0), gen, key}) == Exit::data);
}

TEST_CASE("a header has a key of 16 bytes") {
    CHECK(code({dump, gen}) == Exit::data);
    CHECK(code({dump, gen, raw(8, 15)}) == Exit::data);
    CHECK(code({dump, gen, raw(8, 17)}) == Exit::data);
}

TEST_CASE("a dump has a generation, a have stream need not know any") {
    CHECK(code({dump, key}) == Exit::data);
    CHECK(code({dump, generation(2, 0, 0), key}) == Exit::data);
    CHECK(code({have, key}) == Exit::ok);
    CHECK(code({have, generation(2, 0, 0), key}) == Exit::ok);
}

TEST_CASE("both parts of a generation are in range, and none is zero alone") {
    const std::uint64_t most = max_generation_part;
    CHECK(code({dump, generation(2, most, most), key}) == Exit::ok);
    CHECK(code({dump, generation(2, most + 1, 1), key}) == Exit::data);
    CHECK(code({dump, generation(2, 1, most + 1), key}) == Exit::data);
    CHECK(code({have, generation(2, 0, 1), key}) == Exit::data);
    CHECK(code({have, generation(2, 1, 0), key}) == Exit::data);
}

TEST_CASE("a parent is a generation and a digest") {
    const auto parent = [](std::uint64_t epoch, std::uint64_t counter, std::size_t digest) {
        return Field{3, [=](Encoder& out) {
                         out.varint(epoch);
                         out.varint(counter);
                         out.raw(Buffer(digest));
                     }};
    };
    CHECK(code({dump, gen, parent(1, 1, 32), key}) == Exit::ok);
    CHECK(code({dump, gen, parent(1, 1, 31), key}) == Exit::data);
    CHECK(code({dump, gen, parent(1, 1, 33), key}) == Exit::data);
    CHECK(code({dump, gen, parent(0, 1, 32), key}) == Exit::data);
    CHECK(code({dump, gen, parent(max_generation_part + 1, 1, 32), key}) == Exit::data);
}

TEST_CASE("nanoseconds are below a second") {
    const auto time = [](std::uint64_t nanoseconds) {
        return Field{4, [=](Encoder& out) {
                         out.svarint(-1);
                         out.varint(nanoseconds);
                     }};
    };
    CHECK(code({dump, gen, time(999'999'999), key}) == Exit::ok);
    CHECK(code({dump, gen, time(1'000'000'000), key}) == Exit::data);
}

TEST_CASE("texts are no longer than the limit") {
    for (const std::uint64_t field : {5U, 6U, 7U}) {
        CAPTURE(field);
        CHECK(code({dump, gen, raw(field, max_text_bytes), key}) == Exit::ok);
        CHECK(code({dump, gen, raw(field, max_text_bytes + 1), key}) == Exit::data);
    }
}

TEST_CASE("a store has an id of 16 bytes") {
    CHECK(code({dump, gen, key, raw(9, 16)}) == Exit::ok);
    CHECK(code({dump, gen, key, raw(9, 15)}) == Exit::data);
    CHECK(code({dump, gen, key, raw(9, 17)}) == Exit::data);
}

TEST_CASE("flags that are not known are refused") {
    CHECK(code({dump, gen, key, number(10, 1)}) == Exit::ok);
    for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{3}, UINT64_MAX}) {
        CAPTURE(flags);
        CHECK(code({dump, gen, key, number(10, flags)}) == Exit::data);
    }
}

TEST_CASE("a field below 64 that is not known is refused, others are skipped whatever they hold") {
    for (std::uint64_t field = 11; field < 64; ++field) {
        CAPTURE(field);
        CHECK(code({dump, gen, key, number(field, 1)}) == Exit::data);
    }
    for (const std::uint64_t field : {std::uint64_t{65}, std::uint64_t{1000}, UINT64_MAX}) {
        CAPTURE(field);
        CHECK(code({dump, gen, key, raw(field, 0)}) == Exit::ok);
        CHECK(code({dump, gen, key, raw(field, 5000)}) == Exit::ok);
    }
    const Header h = decode_header(forged({dump, gen, key, number(64, 5), raw(65, 3)}), "header");
    CHECK(h.expected_bytes == 5);
}

TEST_CASE("fields ascend, each at most once") {
    CHECK(code({gen, dump, key}) == Exit::data);
    CHECK(code({dump, dump, gen, key}) == Exit::data);
    CHECK(code({dump, gen, key, key}) == Exit::data);
    CHECK(code({number(0, 1), dump, gen, key}) == Exit::data);
    CHECK(code({dump, gen, key, raw(66, 0), raw(65, 0)}) == Exit::data);
    CHECK(code({dump, gen, key, raw(65, 0), raw(65, 0)}) == Exit::data);
}

TEST_CASE("a field holds its value and nothing behind it") {
    const auto longer = [](Field field) {
        const auto value = field.value;
        field.value = [value](Encoder& out) {
            value(out);
            out.u8(0);
        };
        return field;
    };
    CHECK(code({longer(dump), gen, key}) == Exit::data);
    CHECK(code({dump, longer(gen), key}) == Exit::data);
    CHECK(code({dump, gen, longer(key)}) == Exit::data);
    CHECK(code({dump, gen, key, longer(number(10, 1))}) == Exit::data);
    CHECK(code({dump, gen, key, longer(number(64, 1))}) == Exit::data);
}

TEST_CASE("a header cut at any length is refused, or ends between two fields that may be missing") {
    const Header h = full_header();
    const Buffer whole = encoded(h);
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CAPTURE(size);
        const Failure failure =
            failure_of([&] { (void)decode_header(ByteSpan(whole).first(size), "the header"); });
        if (failure.code == Exit::ok) {
            ++accepted;
            continue;
        }
        REQUIRE(failure.code == Exit::data);
        REQUIRE(failure.names("the header"));
    }
    CHECK(accepted == 3); // behind the key, behind the store id, behind the flags
}

TEST_CASE("a header with any byte changed is read or refused") {
    const Buffer whole = encoded(full_header());
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const unsigned mask : {0x01U, 0x80U, 0xffU}) {
            Buffer damaged = whole;
            damaged[at] ^= std::byte{static_cast<std::uint8_t>(mask)};
            const Exit result = code_of([&] { (void)decode_header(damaged, "header"); });
            REQUIRE((result == Exit::ok || result == Exit::data));
        }
}

TEST_CASE("a trailer is read back") {
    for (const bool changed : {false, true})
        for (const bool tree : {false, true}) {
            Trailer t;
            t.segments = 1;
            t.chunks = UINT64_MAX;
            t.chunk_bytes = 1 << 20;
            t.blocks = 0;
            t.changed_while_read = changed;
            if (tree) t.tree = chunk::sha256(as_bytes("tree"));
            Buffer bytes;
            Encoder out(bytes);
            encode_trailer(out, t);
            Decoder in(bytes, "trailer");
            const Trailer back = decode_trailer(in);
            in.finish();
            CHECK(back.segments == t.segments);
            CHECK(back.chunks == t.chunks);
            CHECK(back.chunk_bytes == t.chunk_bytes);
            CHECK(back.blocks == t.blocks);
            CHECK(back.changed_while_read == changed);
            CHECK((back.tree == t.tree));
            for (std::size_t size = 0; size < bytes.size(); ++size) {
                Decoder cut(ByteSpan(bytes).first(size), "trailer");
                REQUIRE(code_of([&] { (void)decode_trailer(cut); }) == Exit::data);
            }
        }
}

TEST_CASE("a trailer has known flags") {
    for (unsigned flags = 0; flags < 256; ++flags) {
        CAPTURE(flags);
        Buffer bytes;
        Encoder out(bytes);
        for (int i = 0; i < 4; ++i) out.varint(0);
        out.u8(static_cast<std::uint8_t>(flags));
        out.raw(Buffer(32));
        Decoder in(bytes, "trailer");
        CHECK(code_of([&] { (void)decode_trailer(in); }) == (flags <= 3 ? Exit::ok : Exit::data));
    }
}
