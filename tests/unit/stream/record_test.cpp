// SPDX-License-Identifier: Apache-2.0
#include "stream/record.hpp"

#include <doctest/doctest.h>

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

constexpr std::size_t pieces[] = {1, 2, 3, 7, 15, 100, 10'000};

chunk::Segment sample_segment(Random& random, std::size_t chunks, std::size_t bytes_each) {
    chunk::Segment out;
    Buffer raw;
    const chunk::Hasher hasher(sample_key());
    for (std::size_t i = 0; i < chunks; ++i) {
        const Buffer bytes = random.bytes(bytes_each);
        append(raw, bytes);
        out.head.lengths.push_back(static_cast<std::uint32_t>(bytes_each));
        out.ids.push_back(hasher.id(bytes));
    }
    out.head.raw_bytes = raw.size();
    out.frame = chunk::Compressor(1).compress(raw);
    return out;
}

struct Written {
    RecordType type;
    Buffer payload;
};

// The bytes of a stream of these records; what they mean is not looked at.
Buffer stream_of(const std::vector<Written>& records, const Header& header = sample_header()) {
    io::BufferSink sink;
    RecordWriter out(sink, header);
    for (const Written& record : records) out.record(record.type, record.payload);
    out.finish({});
    return sink.take();
}

// A stream whose bytes before the trailer are given, with the right digest.
Buffer with_trailer(Buffer bytes, const std::function<void(Encoder&)>& trailer) {
    Buffer payload;
    Encoder out(payload);
    trailer(out);
    Encoder whole(bytes);
    whole.u8('Z');
    whole.u32(static_cast<std::uint32_t>(payload.size() + 32));
    whole.raw(payload);
    whole.raw(chunk::sha256(bytes));
    return bytes;
}

void plain_trailer(Encoder& out) { encode_trailer(out, {}); }

// Magic and header.
Buffer start_of(const Header& header = sample_header()) {
    io::BufferSink sink;
    const RecordWriter out(sink, header);
    return sink.take();
}

Buffer framed(unsigned type, ByteSpan payload) {
    Buffer out;
    Encoder encoder(out);
    encoder.u8(static_cast<std::uint8_t>(type));
    encoder.u32(static_cast<std::uint32_t>(payload.size()));
    encoder.raw(payload);
    return out;
}

Buffer operator+(Buffer a, ByteSpan b) {
    append(a, b);
    return a;
}

struct ReadBack {
    std::vector<Written> records;
    Trailer trailer;
    std::uint64_t bytes_read = 0;
};

ReadBack read_all(ByteSpan bytes, std::size_t piece = SIZE_MAX) {
    io::BufferSource source(bytes, piece, "the source");
    RecordReader reader(source);
    ReadBack out;
    while (const auto record = reader.next())
        out.records.push_back({record->type, Buffer(record->payload.begin(), record->payload.end())});
    if (reader.next()) FAIL("a record after the end");
    out.trailer = reader.trailer();
    out.bytes_read = reader.bytes_read();
    return out;
}

Failure failure(ByteSpan bytes, std::size_t piece = SIZE_MAX) {
    return failure_of([&] { (void)read_all(bytes, piece); });
}

} // namespace

TEST_CASE("records are read back whatever the pieces of the source and the sizes of the records") {
    Random random(401);
    for (const std::size_t piece : pieces)
        for (const std::size_t size : {0U, 1U, 2U, 3U, 7U, 15U, 100U, 10'000U, 1'100'000U}) {
            if (piece < 100 && size > 10'000) continue;
            CAPTURE(piece);
            CAPTURE(size);
            const std::vector<Written> records{{RecordType::manifest, random.bytes(size)},
                                               {RecordType::chunk_table, random.bytes(size / 2)},
                                               {RecordType::loose_table, random.bytes(size)},
                                               {RecordType::manifest, {}}};
            const Buffer bytes = stream_of(records);
            const ReadBack back = read_all(bytes, piece);
            CHECK(back.bytes_read == bytes.size());
            REQUIRE(back.records.size() == records.size());
            for (std::size_t i = 0; i < records.size(); ++i) {
                CHECK(back.records[i].type == records[i].type);
                CHECK(equal(back.records[i].payload, records[i].payload));
            }
        }
}

TEST_CASE("the header is there as soon as the reader is") {
    const Buffer bytes = stream_of({});
    for (const std::size_t piece : pieces) {
        io::BufferSource source(bytes, piece, "the source");
        RecordReader reader(source);
        CHECK(reader.header().host == "host.example");
        CHECK(reader.header().generation == Generation{3, 118});
        CHECK(reader.name() == "the source");
        CHECK(reader.bytes_read() == start_of().size());
        CHECK_FALSE(reader.next());
    }
}

TEST_CASE("a trailer comes back as it was given") {
    Trailer trailer;
    trailer.segments = 5;
    trailer.chunks = 6;
    trailer.chunk_bytes = 7;
    trailer.blocks = 8;
    trailer.changed_while_read = true;
    trailer.tree = chunk::sha256(as_bytes("tree"));
    io::BufferSink sink;
    RecordWriter(sink, sample_header()).finish(trailer);
    const ReadBack back = read_all(sink.bytes());
    CHECK(back.trailer.segments == 5);
    CHECK(back.trailer.chunks == 6);
    CHECK(back.trailer.chunk_bytes == 7);
    CHECK(back.trailer.blocks == 8);
    CHECK(back.trailer.changed_while_read);
    CHECK((back.trailer.tree == trailer.tree));
}

TEST_CASE("segments are read back in views of the record") {
    Random random(402);
    for (const std::size_t piece : pieces)
        for (const std::size_t chunks : {1U, 2U, 100U}) {
            CAPTURE(piece);
            CAPTURE(chunks);
            const chunk::Segment segment = sample_segment(random, chunks, 50);
            io::BufferSink sink;
            RecordWriter out(sink, sample_header());
            out.segment(segment);
            out.segment(segment);
            out.finish({});
            io::BufferSource source(sink.bytes(), piece);
            RecordReader reader(source);
            for (int i = 0; i < 2; ++i) {
                const auto record = reader.next();
                REQUIRE(record);
                CHECK(record->type == RecordType::segment);
                const SegmentView view = decode_segment(record->payload, "segment");
                CHECK(view.head.lengths == segment.head.lengths);
                CHECK(view.head.raw_bytes == segment.head.raw_bytes);
                CHECK(equal(view.frame, segment.frame));
                for (std::size_t k = 0; k < chunks; ++k) REQUIRE(view.id(k) == segment.ids[k]);
            }
            CHECK_FALSE(reader.next());
        }
}

TEST_CASE("a stream cut at any length is exit 65, names the source, and never shows a trailer") {
    Random random(403);
    io::BufferSink sink;
    RecordWriter out(sink, sample_header());
    out.record(RecordType::manifest, random.bytes(40));
    out.segment(sample_segment(random, 2, 30));
    out.record(RecordType::manifest, ByteSpan{});
    out.finish({});
    const Buffer& whole = sink.bytes();
    CHECK(failure(whole).code == Exit::ok);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, SIZE_MAX})
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            const Failure cut = failure(ByteSpan(whole).first(size), piece);
            REQUIRE(cut.code == Exit::data);
            REQUIRE(cut.names("the source"));
            REQUIRE_FALSE(cut.hint.empty());
            if (size > 0) REQUIRE(cut.names(cat("truncated at byte ", size)));
        }
}

TEST_CASE("an empty stream points at the command before it in the pipe") {
    const Failure empty = failure({});
    CHECK(empty.code == Exit::data);
    CHECK(empty.names("the source: empty"));
    CHECK(empty.hint.find("the command before") != std::string::npos);
}

TEST_CASE("what is no stream is told so, also if it is shorter than the start of one") {
    for (const std::string_view text : {"P", "hello", "PK\x03\x04", "\x89PNG\r\n\x1a\n", "\x89RSS\n\x1a\x01 mangled line ends",
                                        "a text that is longer than any magic would be"}) {
        CAPTURE(text);
        for (const std::size_t piece : pieces) {
            const Failure foreign = failure(as_bytes(text), piece);
            CHECK(foreign.code == Exit::data);
            CHECK(foreign.names("the source: not a stream"));
        }
    }
}

TEST_CASE("another version of the stream is named, and what to do") {
    Buffer bytes = stream_of({});
    for (const unsigned version : {0U, 2U, 77U, 255U}) {
        CAPTURE(version);
        bytes[version_at] = std::byte{static_cast<std::uint8_t>(version)};
        const Failure other = failure(bytes);
        CHECK(other.code == Exit::data);
        CHECK(other.names(cat("stream version ", version, ", this program reads version 1")));
        CHECK(other.hint.find("same release") != std::string::npos);
    }
}

TEST_CASE("a stream begins with a header") {
    Buffer magic_only = start_of();
    magic_only.resize(8);
    CHECK(failure(with_trailer(magic_only + framed('M', as_bytes("x")), plain_trailer)).names("begin with a header"));
    CHECK(failure(with_trailer(magic_only, plain_trailer)).code == Exit::data);
    CHECK(failure(magic_only).names("truncated"));
    CHECK(failure(with_trailer(magic_only + framed('H', as_bytes("")), plain_trailer)).code == Exit::data);
}

TEST_CASE("records of unknown types are refused, but skipped in lower case") {
    for (unsigned type = 0; type < 256; ++type) {
        CAPTURE(type);
        if (std::string_view("HCLSMZ").find(static_cast<char>(type)) != std::string_view::npos) continue;
        const bool skipped = type >= 'a' && type <= 'z';
        const Buffer bytes =
            with_trailer(start_of() + framed('M', as_bytes("before")) + framed(type, as_bytes("future")) +
                             framed('M', as_bytes("after")),
                         plain_trailer);
        const Failure unknown = failure(bytes);
        CHECK(unknown.code == (skipped ? Exit::ok : Exit::data));
        if (!skipped) {
            CHECK(unknown.names(cat("unknown record type ", type)));
            continue;
        }
        const ReadBack back = read_all(bytes, 3);
        REQUIRE(back.records.size() == 2);
        CHECK(as_text(back.records[0].payload) == "before");
        CHECK(as_text(back.records[1].payload) == "after");
    }
}

TEST_CASE("a record that is skipped is covered by the digest") {
    Buffer bytes = with_trailer(start_of() + framed('x', as_bytes("future")), plain_trailer);
    CHECK(failure(bytes).code == Exit::ok);
    bytes[start_of().size() + 7] ^= std::byte{1};
    CHECK(failure(bytes).names("digest mismatch"));
}

TEST_CASE("a record beyond the limit of its type is refused before it is read") {
    struct Row {
        unsigned type;
        std::size_t limit;
    };
    static constexpr Row rows[] = {
        {'H', max_header_bytes},         {'C', max_table_bytes},  {'L', max_table_bytes},
        {'S', max_segment_record_bytes}, {'M', max_manifest_bytes + 64},
        {'Z', max_trailer_bytes},        {'x', max_table_bytes},
    };
    for (const Row& row : rows) {
        CAPTURE(row.type);
        Buffer head;
        Encoder out(head);
        out.u8(static_cast<std::uint8_t>(row.type));
        out.u32(static_cast<std::uint32_t>(row.limit));
        CHECK(failure(start_of() + head).names("truncated")); // it asks for the payload
        head.resize(1);
        out.u32(static_cast<std::uint32_t>(row.limit + 1));
        CHECK(failure(start_of() + head).names("exceeds its limit"));
        head.resize(1);
        out.u32(UINT32_MAX);
        CHECK(failure(start_of() + head).names("exceeds its limit"));
    }
}

TEST_CASE("bytes after the trailer are refused, however they come") {
    const Buffer whole = stream_of({{RecordType::manifest, buffer_of("x")}});
    for (const Buffer& extra : {bytes_of({0}), bytes_of({'\n'}), whole})
        for (const std::size_t piece : {std::size_t{1}, whole.size(), SIZE_MAX}) {
            CAPTURE(extra.size());
            CAPTURE(piece);
            const Failure more = failure(whole + extra, piece);
            CHECK(more.code == Exit::data);
            CHECK(more.names("bytes after the end"));
        }
}

TEST_CASE("a reader that has failed never comes to a good end") {
    const Buffer whole = stream_of({});
    for (const Buffer& bytes : {whole + bytes_of({0}),
                                with_trailer(start_of(), [](Encoder& out) {
                                    plain_trailer(out);
                                    out.u8(0);
                                })}) {
        io::BufferSource source(bytes);
        RecordReader reader(source);
        CHECK(code_of([&] { (void)reader.next(); }) == Exit::data);
        CHECK(code_of([&] { (void)reader.next(); }) == Exit::data);
    }
}

TEST_CASE("a trailer is of the right form") {
    CHECK(failure(with_trailer(start_of(), plain_trailer)).code == Exit::ok);
    CHECK(failure(with_trailer(start_of(), [](Encoder&) {})).code == Exit::data);
    CHECK(failure(with_trailer(start_of(), [](Encoder& out) {
                      plain_trailer(out);
                      out.u8(0);
                  })).code == Exit::data);
    // Too short for a digest.
    CHECK(failure(start_of() + framed('Z', Buffer(31))).names("trailer: ends too early"));
}

TEST_CASE("any byte changed outside of a frame is exit 65") {
    Random random(404);
    io::BufferSink sink;
    RecordWriter out(sink, sample_header());
    out.record(RecordType::manifest, random.bytes(30));
    const chunk::Segment segment = sample_segment(random, 2, 30);
    out.segment(segment);
    out.record(RecordType::manifest, random.bytes(10));
    out.finish({});
    const Buffer& whole = sink.bytes();
    const auto frame = std::search(whole.begin(), whole.end(), segment.frame.begin(), segment.frame.end());
    REQUIRE(frame != whole.end());
    const auto first = static_cast<std::size_t>(frame - whole.begin());
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const unsigned mask : {0x01U, 0x20U, 0x80U, 0xffU}) {
            CAPTURE(at);
            CAPTURE(mask);
            Buffer damaged = whole;
            damaged[at] ^= std::byte{static_cast<std::uint8_t>(mask)};
            const bool in_frame = at >= first && at < first + segment.frame.size();
            const Exit code = failure(damaged).code;
            if (!in_frame) REQUIRE(code == Exit::data);
            if (in_frame) REQUIRE(code == Exit::ok); // the ids of the chunks cover it
        }
}

TEST_CASE("the payload of a segment is checked for its form") {
    Random random(405);
    const chunk::Segment segment = sample_segment(random, 3, 20);
    io::BufferSink sink;
    RecordWriter(sink, sample_header()).segment(segment);
    const Buffer payload(sink.bytes().begin() + static_cast<std::ptrdiff_t>(start_of().size() + 5), sink.bytes().end());
    const auto code = [](ByteSpan bytes) {
        return code_of([&] { (void)decode_segment(bytes, "segment"); });
    };
    CHECK(code(payload) == Exit::ok);
    const std::size_t meta = 4 + 1 + 1 + 3 + 3 * 16;
    for (std::size_t size = 0; size < meta; ++size) CHECK(code(ByteSpan(payload).first(size)) == Exit::data);
    CHECK(code(ByteSpan(payload).first(meta)) == Exit::ok); // a frame of no bytes is zstd's to refuse
    for (const int wrong : {-1, 1}) { // a meta that is one byte shorter or longer than head and ids
        Buffer bytes = payload;
        bytes[0] = std::byte{static_cast<std::uint8_t>(static_cast<int>(bytes[0]) + wrong)};
        CHECK(code(bytes) == Exit::data);
    }
    // And the reader of records does not look behind the payload for a meta that is too long.
    for (const std::uint32_t size : {0U, 1U, 3U, 4U}) {
        Buffer bytes;
        Encoder out(bytes);
        out.u32(UINT32_MAX);
        CHECK(failure(start_of() + framed('S', ByteSpan(bytes).first(size))).code == Exit::data);
    }
}

TEST_CASE("a failure tells the byte at which it was found") {
    const Buffer bytes = with_trailer(start_of() + framed('M', as_bytes("x")) + framed('Q', as_bytes("y")), plain_trailer);
    const std::size_t at = start_of().size() + 6 + 5; // behind the head of the unknown record
    CHECK(failure(bytes).names(cat("the source: byte ", at, ": ")));
    CHECK(failure(bytes, 1).names(cat("the source: byte ", at, ": ")));
}
