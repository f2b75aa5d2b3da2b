// SPDX-License-Identifier: Apache-2.0
#include "stream/writer.hpp"

#include <doctest/doctest.h>

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

const chunk::Hasher& hasher() {
    static const chunk::Hasher out(sample_key());
    return out;
}

chunk::Segment ready_segment(const std::vector<Buffer>& chunks) {
    chunk::Segment out;
    Buffer raw;
    for (const Buffer& bytes : chunks) {
        append(raw, bytes);
        out.head.lengths.push_back(static_cast<std::uint32_t>(bytes.size()));
        out.ids.push_back(hasher().id(bytes));
    }
    out.head.raw_bytes = raw.size();
    out.frame = chunk::Compressor(1).compress(raw);
    return out;
}

// What a random caller did: the stream, and what it must say.
struct Scene {
    Buffer bytes;
    std::vector<Buffer> chunks;
    std::vector<Op> ops;
    Trailer trailer;
};

// Files whose data refers to new chunks, to earlier ones of this stream (open segment or not), to
// chunks of a parent and to named ones, in random order; segments that are passed on between.
Scene random_scene(std::uint64_t seed, unsigned threads, std::size_t largest_chunk) {
    Random random(seed);
    Scene out;
    io::BufferSink sink;
    StreamWriter writer(sink, sample_header(), {1, threads});
    const auto say_op = [&](Op op) {
        write_op(writer, op);
        out.ops.push_back(std::move(op));
    };
    const auto new_chunk = [&] {
        Buffer bytes = random.bytes(random.between(1, largest_chunk));
        const std::uint64_t number = writer.add_chunk(bytes, hasher().id(bytes));
        REQUIRE(number == out.chunks.size());
        out.chunks.push_back(std::move(bytes));
        return number;
    };
    const auto passed_segment = [&] {
        std::vector<Buffer> chunks;
        for (std::uint64_t n = random.between(1, 5); n > 0; --n)
            chunks.push_back(random.bytes(random.between(1, largest_chunk)));
        REQUIRE(writer.add_segment(ready_segment(chunks)) == out.chunks.size());
        out.chunks.insert(out.chunks.end(), chunks.begin(), chunks.end());
    };
    const auto fresh_data = [&](std::uint64_t number) {
        say_op(data_op(out.chunks[number].size(), {{Run::Kind::fresh, number, 1}}));
    };
    say_op(entry_op(Type::directory, ""));
    const std::uint64_t files = random.between(1, largest_chunk > 1'000'000 ? 5 : 40);
    for (std::uint64_t file = 0; file < files; ++file) {
        Op entry = entry_op(Type::file, cat("file", 100 + file));
        if (random.one_in(4)) // large entries seal blocks at other places
            entry.entry.xattrs = {{"user.x", std::string(as_text(random.bytes(random.below(60'000))))}};
        say_op(std::move(entry));
        bool gap = false;
        for (std::uint64_t n = random.below(12); n > 0; --n) {
            const std::uint64_t what = random.below(8);
            if (what < 4) {
                // Sometimes the reference comes long after the chunk.
                const std::uint64_t number = new_chunk();
                if (random.one_in(5)) new_chunk();
                fresh_data(number);
            } else if (what == 4 && !out.chunks.empty()) {
                fresh_data(random.below(out.chunks.size()));
            } else if (what == 5) {
                say_op(data_op(5000, {{Run::Kind::parent, random.below(1000), random.between(1, 9)}}));
            } else if (what == 6) {
                say_op(data_op(100, {{Run::Kind::named, 0, 1}}, {made_up_id(random())}));
            } else if (what == 7 && !gap) {
                say_op(plain_op(Op::Kind::hole, random.between(1, 1 << 30)));
                gap = true;
                continue;
            }
            if (random.one_in(15)) passed_segment();
            gap = gap && out.ops.back().kind == Op::Kind::hole;
        }
        if (random.one_in(10)) {
            say_op(plain_op(Op::Kind::withdraw));
            continue;
        }
        say_op(end_op(chunk::sha256(random.bytes(4))));
    }
    out.trailer = writer.finish(false, std::nullopt);
    CHECK(writer.totals().chunks == out.chunks.size());
    out.bytes = sink.take();
    return out;
}

} // namespace

TEST_CASE("a block refers only to chunks before it, whatever the order of calls, with one thread or two") {
    for (const unsigned threads : {1U, 2U})
        for (std::uint64_t seed = 700; seed < 716; ++seed) {
            CAPTURE(threads);
            CAPTURE(seed);
            const std::size_t largest = seed % 8 == 0 ? 1'200'000 : seed % 4 == 1 ? 100'000 : 5000;
            const Scene scene = random_scene(seed, threads, largest);
            const Dump dump = read_dump(scene.bytes); // checks the order, the ids and the counts
            const bool chunks = dump.chunks == scene.chunks;
            const bool manifest = dump.manifest == say_all(scene.ops);
            REQUIRE(chunks);
            REQUIRE(manifest);
            std::uint64_t bytes = 0;
            for (const Buffer& chunk : scene.chunks) bytes += chunk.size();
            REQUIRE(dump.trailer.chunk_bytes == bytes);
            REQUIRE(dump.trailer.segments == scene.trailer.segments);
        }
}

TEST_CASE("the stream does not depend on the number of threads") {
    for (std::uint64_t seed = 750; seed < 754; ++seed) {
        CAPTURE(seed);
        const Buffer one = random_scene(seed, 1, 100'000).bytes;
        for (const unsigned threads : {0U, 2U, 5U}) {
            const bool same = random_scene(seed, threads, 100'000).bytes == one;
            CHECK(same);
        }
    }
}

TEST_CASE("a stream of nothing but a root directory is whole") {
    io::BufferSink sink;
    StreamWriter writer(sink, sample_header(), {});
    write_op(writer, entry_op(Type::directory, ""));
    const chunk::Digest tree = chunk::sha256(as_bytes("tree"));
    const Trailer trailer = writer.finish(true, tree);
    CHECK(trailer.blocks == 1);
    CHECK(trailer.segments == 0);
    const Dump dump = read_dump(sink.bytes(), SIZE_MAX, true);
    CHECK(dump.trailer.changed_while_read);
    CHECK((dump.trailer.tree == tree));
    CHECK(dump.blocks == 1);
}

TEST_CASE("a segment is closed when its target is reached, and a large chunk has room") {
    io::BufferSink sink;
    StreamWriter writer(sink, sample_header(), {1, 1});
    write_op(writer, entry_op(Type::directory, ""));
    const Buffer mebi(1 << 20, std::byte{1});
    const Buffer most(chunk::max_chunk_bytes, std::byte{2});
    const Buffer small(1000, std::byte{3});
    const auto add = [&](const Buffer& bytes) { (void)writer.add_chunk(bytes, hasher().id(bytes)); };
    add(mebi);
    CHECK(writer.totals().segments == 1);
    add(small);
    CHECK(writer.totals().segments == 1);
    add(most); // with the small one before it: the largest segment that may be
    CHECK(writer.totals().segments == 2);
    add(small);
    const Trailer trailer = writer.finish(false, std::nullopt);
    CHECK(trailer.segments == 3);
    CHECK(trailer.chunks == 4);
    const Dump dump = read_dump(sink.bytes());
    CHECK(equal(dump.chunks[2], most));
}

TEST_CASE("a file of a million small references goes over many blocks, none above its limit") {
    io::BufferSink sink;
    StreamWriter writer(sink, sample_header(), {1, 1});
    write_op(writer, entry_op(Type::directory, ""));
    write_op(writer, entry_op(Type::file, "f"));
    constexpr std::uint64_t count = 300'000;
    for (std::uint64_t i = 0; i < count; ++i)
        writer.data({Run::Kind::parent, (i * 7919) % 1'000'003, 1}, 4096);
    writer.end(std::nullopt);
    (void)writer.finish(false, std::nullopt);
    const Dump dump = read_dump(sink.bytes(), SIZE_MAX, true);
    CHECK(dump.blocks > 10);
    REQUIRE(dump.manifest.size() == 4);
    CHECK(dump.manifest[2].refs.size() == count);
    CHECK(dump.manifest[2].number == count * 4096);
}

TEST_CASE("a file that the other side holds only loose chunks of can be named whole") {
    io::BufferSink sink;
    StreamWriter writer(sink, sample_header(), {1, 1});
    write_op(writer, entry_op(Type::directory, ""));
    write_op(writer, entry_op(Type::file, "f"));
    // 16 bytes each, which nothing compresses: more than a block may hold.
    constexpr std::uint64_t count = max_manifest_bytes / 16 + 10'000;
    Random random(702);
    for (std::uint64_t i = 0; i < count; ++i) {
        const Buffer bytes = random.bytes(16);
        chunk::ChunkId id;
        std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
        writer.data({Run::Kind::named, 0, 1}, 4096, std::span(&id, 1));
    }
    writer.end(std::nullopt);
    (void)writer.finish(false, std::nullopt);
    const Dump dump = read_dump(sink.bytes(), SIZE_MAX, true);
    CHECK(dump.blocks > 10);
    REQUIRE(dump.manifest.size() == 4);
    CHECK(dump.manifest[2].refs.size() == count);
}

TEST_CASE("entries as large as they may be go through") {
    io::BufferSink sink;
    StreamWriter writer(sink, sample_header(), {1, 1});
    std::vector<Op> ops{entry_op(Type::directory, "")};
    Random random(701);
    for (int i = 0; i < 8; ++i) {
        Op op = entry_op(Type::fifo, cat("f", i));
        for (int k = 0; k < 15; ++k)
            op.entry.xattrs.push_back({cat("user.", 10 + k), std::string(as_text(random.bytes(max_xattr_bytes)))});
        ops.push_back(std::move(op));
    }
    for (const Op& op : ops) write_op(writer, op);
    (void)writer.finish(false, std::nullopt);
    const Dump dump = read_dump(sink.bytes(), SIZE_MAX, true);
    const bool same = dump.manifest == say_all(ops);
    CHECK(same);
    CHECK(dump.blocks == 8); // the root and the first one share a block
}

TEST_CASE("what the sink throws comes out of the writer") {
    class Broken final : public io::Sink {
    public:
        explicit Broken(std::size_t room) : room_(room) {}
        void write(ByteSpan bytes) override {
            if (bytes.size() > room_) throw PipeClosed();
            room_ -= bytes.size();
        }

    private:
        std::size_t room_;
    };
    const Buffer bytes = Random(703).bytes(700'000);
    for (const std::size_t room : {std::size_t{0}, std::size_t{100}, std::size_t{500'000}, std::size_t{2'000'000}}) {
        CAPTURE(room);
        Broken sink(room);
        CHECK_THROWS_AS(
            {
                StreamWriter writer(sink, sample_header(), {1, 2});
                write_op(writer, entry_op(Type::directory, ""));
                for (int i = 0; i < 10; ++i) (void)writer.add_chunk(bytes, hasher().id(bytes));
                (void)writer.finish(false, std::nullopt);
            },
            PipeClosed);
    }
}
