// SPDX-License-Identifier: Apache-2.0
#include "stream/header.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/format.hpp"

namespace rs::stream {

namespace {

// rs-stream(5), HEADER. A reader refuses a field below 64 that it does not know and skips others.
enum Field : std::uint64_t {
    field_purpose = 1,
    field_generation = 2,
    field_parent = 3,
    field_time = 4,
    field_host = 5,
    field_instance = 6,
    field_name = 7,
    field_key = 8,
    field_store = 9,
    field_flags = 10,
    field_expected_bytes = 64,
};
constexpr std::uint64_t first_optional_field = 64;
constexpr std::uint64_t flag_changed = 1;

template <class F>
void put_field(Encoder& out, Field field, F&& body) {
    Buffer value;
    Encoder inner(value);
    body(inner);
    out.varint(field);
    out.bytes(value);
}

void put_text(Encoder& out, Field field, const std::string& text) {
    if (text.size() > max_text_bytes)
        fail(Exit::usage, cat("the name of a host, an instance or a service is longer than ", max_text_bytes, " bytes"));
    if (!text.empty()) put_field(out, field, [&](Encoder& e) { e.raw(as_bytes(text)); });
}

Generation get_generation(Decoder& in) {
    Generation g;
    g.epoch = in.varint(max_generation_part, "epoch");
    g.counter = in.varint(max_generation_part, "generation counter");
    if ((g.epoch == 0) != (g.counter == 0)) in.bad("an impossible generation number");
    return g;
}

} // namespace

void encode_header(Encoder& out, const Header& h) {
    put_field(out, field_purpose, [&](Encoder& e) { e.u8(static_cast<std::uint8_t>(h.purpose)); });
    const auto put_generation = [](Encoder& e, const Generation& g) {
        e.varint(g.epoch);
        e.varint(g.counter);
    };
    put_field(out, field_generation, [&](Encoder& e) { put_generation(e, h.generation); });
    if (h.parent)
        put_field(out, field_parent, [&](Encoder& e) {
            put_generation(e, h.parent->generation);
            e.raw(h.parent->digest);
        });
    put_field(out, field_time, [&](Encoder& e) {
        e.svarint(h.time.seconds);
        e.varint(h.time.nanoseconds);
    });
    put_text(out, field_host, h.host);
    put_text(out, field_instance, h.instance);
    put_text(out, field_name, h.name);
    put_field(out, field_key, [&](Encoder& e) { e.raw(h.key); });
    if (h.store) put_field(out, field_store, [&](Encoder& e) { e.raw(*h.store); });
    if (h.changed_while_read)
        put_field(out, field_flags, [&](Encoder& e) { e.varint(flag_changed); });
    if (h.expected_bytes > 0)
        put_field(out, field_expected_bytes, [&](Encoder& e) { e.varint(h.expected_bytes); });
}

Header decode_header(ByteSpan payload, const std::string& what) {
    Decoder in(payload, what);
    Header h;
    std::uint64_t last = 0;
    bool purpose = false, key = false;
    while (!in.empty()) {
        const std::uint64_t field = in.varint();
        if (field <= last) in.bad("header fields are not in ascending order");
        last = field;
        Decoder value(in.bytes(max_header_bytes, "length of a header field"), what);
        switch (field) {
        case field_purpose: {
            const std::uint8_t number = value.u8();
            if (number != 1 && number != 2) value.bad("unknown purpose of a stream");
            h.purpose = static_cast<Purpose>(number);
            purpose = true;
            break;
        }
        case field_generation: h.generation = get_generation(value); break;
        case field_parent: {
            Parent p;
            p.generation = get_generation(value);
            p.digest = value.array<32>();
            h.parent = p;
            break;
        }
        case field_time:
            h.time.seconds = value.svarint();
            h.time.nanoseconds = static_cast<std::uint32_t>(value.varint(999'999'999, "nanoseconds"));
            break;
        case field_host:
        case field_instance:
        case field_name: {
            if (value.remaining() > max_text_bytes) value.bad("a text in the header is too long");
            std::string& text = field == field_host ? h.host : field == field_instance ? h.instance : h.name;
            text = as_text(value.raw(value.remaining()));
            break;
        }
        case field_key:
            h.key = value.array<16>();
            key = true;
            break;
        case field_store: h.store = value.array<16>(); break;
        case field_flags:
            if (value.varint() != flag_changed) value.bad("unknown flags in the header");
            h.changed_while_read = true;
            break;
        case field_expected_bytes: h.expected_bytes = value.varint(); break;
        default:
            if (field < first_optional_field) in.bad(cat("unknown header field ", field));
            continue;
        }
        value.finish();
    }
    if (!purpose || !key) in.bad("the header lacks its purpose or its key");
    if (h.purpose == Purpose::dump && !h.generation) in.bad("a dump without a generation number");
    return h;
}

void encode_trailer(Encoder& out, const Trailer& t) {
    out.varint(t.segments);
    out.varint(t.chunks);
    out.varint(t.chunk_bytes);
    out.varint(t.blocks);
    out.u8(static_cast<std::uint8_t>((t.changed_while_read ? 1 : 0) | (t.tree ? 2 : 0)));
    if (t.tree) out.raw(*t.tree);
}

Trailer decode_trailer(Decoder& in) {
    Trailer t;
    t.segments = in.varint();
    t.chunks = in.varint();
    t.chunk_bytes = in.varint();
    t.blocks = in.varint();
    const std::uint8_t flags = in.u8();
    if (flags > 3) in.bad("unknown flags in the trailer");
    t.changed_while_read = (flags & 1) != 0;
    if ((flags & 2) != 0) t.tree = in.array<32>();
    return t;
}

} // namespace rs::stream
