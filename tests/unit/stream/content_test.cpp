// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <malloc.h>

#include "unit/stream/content_support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("files of every size come back byte for byte, whatever fill gives at once") {
    std::vector<File> files;
    for (const std::size_t size : {0U, 1U, 2U, 3U, 7U, 15U, 100U, 4095U, 4096U, 4097U, 16'384U, 16'385U, 300'000U})
        files.push_back(file_of(cat("f", 1'000'000 + size), Random(size).bytes(size)));
    const Buffer expected = send(files).bytes;
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 15U, 100U, 10'000U})
        for (const unsigned threads : {1U, 2U}) {
            CAPTURE(piece);
            (void)transfer(files, nullptr, {piece, true, threads});
            const bool same = send(files, nullptr, {piece, true, threads}).bytes == expected;
            CHECK(same);
        }
}

TEST_CASE("a file larger than the buffers comes back, cut as from scratch") {
    const Buffer bytes = Random(1000).bytes(9'000'000);
    for (const chunk::Params params : {small_chunks, blocks, chunk::Params{chunk::Method::content, 16},
                                       chunk::Params{chunk::Method::content, 20}, chunk::Params{chunk::Method::fixed, 20}}) {
        CAPTURE(static_cast<int>(params.bits));
        const File file = file_of("f", bytes, params);
        const std::size_t piece = params.bits == 12 ? 65'537 : SIZE_MAX;
        auto got = transfer({file}, nullptr, {piece, true, 2});
        const bool same = got.ids["f"] == ids_from_scratch(file);
        CHECK(same);
    }
}

TEST_CASE("an unchanged file sends nothing and costs a few bytes") {
    for (const chunk::Params params : {small_chunks, blocks}) {
        const std::vector<File> files{file_of("a", Random(1001).bytes(3'000'000), params),
                                      file_of("b", {}, params), file_of("c", Random(1002).bytes(10), params),
                                      file_of("d", Random(1003).bytes(100'000), params)};
        const Side side = transfer(files).side;
        for (const std::size_t piece : {std::size_t{10'000}, SIZE_MAX}) {
            const Sent sent = send(files, &side, {piece, true, 1});
            CHECK(sent.totals.new_chunks == 0);
            CHECK(sent.totals.new_bytes == 0);
            CHECK(sent.totals.read_bytes == 3'100'010);
            CHECK(sent.bytes.size() < 600);
            const Received got = receive(sent.bytes, &side);
            CHECK(got.side.table.ids == side.table.ids);
        }
    }
}

TEST_CASE("every edit of a file can be put together from old chunks and new ones, over many generations") {
    for (std::uint64_t seed = 1010; seed < 1022; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const chunk::Params params = seed % 3 == 0 ? blocks : small_chunks;
        Buffer bytes = random.bytes(random.between(0, 400'000));
        Received last = transfer({file_of("f", bytes, params)});
        for (int generation = 0; generation < 15; ++generation) {
            CAPTURE(generation);
            for (std::uint64_t edits = random.between(1, 3); edits > 0; --edits) edit(bytes, random);
            const std::size_t piece = random.one_in(2) ? random.between(500, 5000) : SIZE_MAX;
            last = transfer({file_of("f", bytes, params)}, &last.side, {piece, random.one_in(2), 1});
        }
    }
}

TEST_CASE("files that change, are renamed, copied, cut otherwise and lose chunks come back, generation after generation") {
    for (std::uint64_t seed = 1200; seed < 1210; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        std::map<std::string, File> files;
        const auto any = [&]() -> File& {
            auto at = files.begin();
            std::advance(at, static_cast<std::ptrdiff_t>(random.below(files.size())));
            return at->second;
        };
        const auto put = [&](File file) { files[file.path] = std::move(file); };
        Received last;
        for (int generation = 0; generation < 12; ++generation) {
            CAPTURE(generation);
            for (std::uint64_t changes = random.between(1, 4); changes > 0; --changes) {
                const std::string name = cat("f", 10 + random.below(20));
                if (files.empty() || random.one_in(6)) {
                    put(file_of(name, random.bytes(random.between(0, 100'000)), random.one_in(3) ? blocks : small_chunks));
                    continue;
                }
                File file = any();
                switch (random.below(6)) {
                case 0: { // renamed
                    files.erase(file.path);
                    file.path = name;
                    break;
                }
                case 1: file.path = name; break; // copied over another one
                case 2: // one behind another, so that what was a file's end is in the middle
                    append(file.parts[0].bytes, any().parts[0].bytes);
                    break;
                case 3: // cut in another way from now on
                    file.params = {random.one_in(2) ? chunk::Method::fixed : chunk::Method::content,
                                   static_cast<std::uint8_t>(random.between(12, 14))};
                    break;
                default: edit(file.parts[0].bytes, random);
                }
                if (file.parts[0].bytes.size() > 500'000) file.parts[0].bytes.resize(1000);
                put(std::move(file));
            }
            // What happens to a receiver: chunks are lost, or are there beside a generation.
            Side& side = last.side;
            for (std::uint64_t n = random.below(4); n > 0 && !side.chunks.empty(); --n) {
                const std::size_t at = random.below(side.chunks.size());
                if (side.table.lengths[at] == 0) continue;
                if (random.one_in(2)) side.loose[side.table.ids[at]] = side.chunks[at];
                side.lose(at);
            }
            for (const auto& [id, bytes] : side.loose) side.table.loose.push_back(id); // a map is sorted
            std::vector<File> list;
            for (const auto& [path, file] : files) list.push_back(file);
            last = transfer(list, generation == 0 ? nullptr : &last.side,
                            {random.one_in(2) ? 3000 : SIZE_MAX, random.one_in(2), 1 + static_cast<unsigned>(random.below(2))});
        }
    }
}

TEST_CASE("an earlier version changes what is sent, not where it is cut") {
    for (std::uint64_t seed = 1030; seed < 1050; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const chunk::Params params = seed % 4 == 0 ? blocks : small_chunks;
        Buffer bytes = random.bytes(random.between(1000, 300'000));
        Received last = transfer({file_of("f", bytes, params)});
        for (int generation = 0; generation < 8; ++generation) {
            CAPTURE(generation);
            edit(bytes, random);
            const File file = file_of("f", bytes, params);
            last = transfer({file}, &last.side);
            const bool same = last.ids["f"] == ids_from_scratch(file);
            REQUIRE(same);
        }
    }
}

TEST_CASE("a small edit sends a few chunks") {
    const std::uint64_t seed = 1060;
    CAPTURE(seed);
    Random random(seed);
    const Buffer bytes = random.bytes(1 << 20);
    const Side side = transfer({file_of("f", bytes)}).side;
    std::uint64_t worst = 0, total = 0;
    constexpr int tries = 60;
    for (int i = 0; i < tries; ++i) {
        Buffer edited = bytes;
        const std::size_t at = random.below(bytes.size());
        if (i % 3 == 0) insert(edited, at, random.bytes(1));
        if (i % 3 == 1) erase(edited, at, 1);
        if (i % 3 == 2) overwrite(edited, at, random.bytes(1));
        const Sent sent = send({file_of("f", edited)}, &side);
        worst = std::max(worst, sent.totals.new_chunks);
        total += sent.totals.new_chunks;
    }
    CHECK(worst <= 6);
    CHECK(total <= tries * 3 / 2);
}

TEST_CASE("a chunk that comes again in the same stream is sent once") {
    const Buffer bytes = Random(1061).bytes(200'000);
    ContentTotals once, twice;
    (void)transfer({file_of("a", bytes)}, nullptr, {}, &once);
    (void)transfer({file_of("a", bytes), file_of("b", bytes)}, nullptr, {}, &twice);
    CHECK(twice.new_chunks == once.new_chunks);
    CHECK(twice.new_bytes == once.new_bytes);
    CHECK(twice.read_bytes == 2 * once.read_bytes);
}

TEST_CASE("a renamed file sends nothing, and a copy with changes only these") {
    const Buffer bytes = Random(1062).bytes(500'000);
    const Side side = transfer({file_of("a", Random(1063).bytes(100'000)), file_of("b", bytes)}).side;
    ContentTotals totals;
    (void)transfer({file_of("renamed", bytes)}, &side, {}, &totals);
    CHECK(totals.new_bytes == 0);
    Buffer changed = bytes;
    overwrite(changed, 250'000, Random(1064).bytes(10));
    (void)transfer({file_of("copy", changed)}, &side, {}, &totals);
    CHECK(totals.new_chunks <= 3);
    append(changed, Random(1065).bytes(50'000));
    (void)transfer({file_of("b", changed)}, &side, {}, &totals);
    CHECK(totals.new_bytes < 50'000 + 40'000);
}

TEST_CASE("chunks that the other side has lost are sent again, and no other") {
    const Buffer bytes = Random(1066).bytes(300'000);
    Side side = transfer({file_of("f", bytes)}).side;
    const std::size_t count = side.chunks.size();
    REQUIRE(count > 20);
    const std::size_t size = side.chunks[3].size() + side.chunks[4].size() + side.chunks[10].size() + side.chunks[count - 1].size();
    for (const std::size_t chunk : {std::size_t{3}, std::size_t{4}, std::size_t{10}, count - 1}) side.lose(chunk);
    ContentTotals totals;
    (void)transfer({file_of("f", bytes)}, &side, {}, &totals);
    CHECK(totals.new_chunks == 4);
    CHECK(totals.new_bytes == size);
    for (std::size_t i = 0; i < count; ++i)
        if (side.table.lengths[i] != 0) side.lose(i);
    (void)transfer({file_of("f", bytes)}, &side, {}, &totals);
    CHECK(totals.new_bytes == bytes.size());
}

TEST_CASE("loose chunks are named, not sent") {
    const Buffer bytes = Random(1067).bytes(300'000);
    const Received first = transfer({file_of("f", bytes)});
    Side side;
    for (std::size_t i = 0; i < first.side.chunks.size(); i += 2) {
        side.loose[first.side.table.ids[i]] = first.side.chunks[i];
        side.table.loose.push_back(first.side.table.ids[i]);
    }
    std::sort(side.table.loose.begin(), side.table.loose.end());
    ContentTotals totals;
    Received got = transfer({file_of("f", bytes)}, &side, {}, &totals);
    CHECK(totals.new_chunks == first.side.chunks.size() / 2);
    CHECK(got.ids["f"] == first.side.table.ids);
}

TEST_CASE("without SHA-256 a file has none") {
    (void)transfer({file_of("f", Random(1103).bytes(200'000)), file_of("g", {})}, nullptr, {SIZE_MAX, false, 1});
}

TEST_CASE("a region takes no more than its length and tells how much there was") {
    SilentMonitor monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    write_op(stream, entry_op(Type::directory, ""));
    write_op(stream, entry_op(Type::file, "f"));
    content.begin(small_chunks, nullptr);
    const Buffer bytes = Random(1104).bytes(3'000'000);
    io::BufferSource source(bytes);
    std::uint64_t most = 0;
    const auto fill = [&](MutableSpan into) {
        const std::size_t n = source.read(into);
        most += n;
        return n;
    };
    CHECK(content.region(0, fill) == 0);
    CHECK(most == 0);
    CHECK(content.region(10, fill) == 10);
    CHECK(most == 10);
    CHECK(content.region(2'000'000, fill) == 2'000'000);
    CHECK(most == 2'000'010);
    CHECK(content.region(2'000'000, fill) == 999'990); // ended early
    const auto result = content.end();
    CHECK(result.bytes == bytes.size());
    CHECK((*result.sha256 == chunk::sha256(bytes)));
    stream.end(result.sha256);
    (void)stream.finish(false, std::nullopt);
    Received got = receive(sink.bytes(), nullptr);
    const bool same = got.files["f"] == bytes;
    CHECK(same);
}

TEST_CASE("with a sink of its own a file leaves its chunks in the stream and its references in the sink") {
    class Kept final : public ContentSink {
    public:
        void data(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids) override {
            ops.push_back(data_op(bytes, {run}, {ids.begin(), ids.end()}));
        }
        void hole(std::uint64_t bytes) override { ops.push_back(plain_op(Op::Kind::hole, bytes)); }
        void zero(std::uint64_t bytes) override { ops.push_back(plain_op(Op::Kind::zero, bytes)); }
        std::vector<Op> ops;
    };
    Random random(1105);
    Buffer zeros_first(10'000, std::byte{0});
    append(zeros_first, random.bytes(20'000));
    const File file{"f", {{random.bytes(100'000), 0}, {{}, 77}, {zeros_first, 0}}, small_chunks};
    const Received straight = transfer({file});
    SilentMonitor monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    Kept kept;
    content.begin(file.params, nullptr, &kept);
    send_file(content, file, SIZE_MAX);
    const auto result = content.end();
    CHECK(stream.totals().chunks == straight.side.chunks.size());
    // Its place is known only now.
    write_op(stream, entry_op(Type::directory, ""));
    write_op(stream, entry_op(Type::file, "f"));
    for (const Op& op : kept.ops) write_op(stream, op);
    stream.end(result.sha256);
    (void)stream.finish(false, std::nullopt);
    Received got = receive(sink.bytes(), nullptr);
    const bool same = got.files["f"] == content_of(file);
    CHECK(same);
    CHECK(got.extents["f"] == straight.extents.at("f"));
}

TEST_CASE("progress counts what was read and what was passed, of what is expected") {
    class Seen final : public Monitor {
    public:
        void warn(const std::string&) override {}
        void note(const std::string&) override {}
        void progress(std::uint64_t done_bytes, std::uint64_t total_bytes) override {
            CHECK(done_bytes >= done);
            done = done_bytes;
            total = total_bytes;
        }
        std::uint64_t done = 0, total = 0;
    };
    Seen monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    content.expect(5'000'000);
    content.pass(1'000'000);
    content.begin(small_chunks, nullptr);
    send_file(content, file_of("f", Random(1106).bytes(3'000'000)), SIZE_MAX);
    CHECK(monitor.done == 4'000'000);
    CHECK(monitor.total == 5'000'000);
}

TEST_CASE("an interruption in the middle of a file ends the work in good order") {
    class Stop final : public Monitor {
    public:
        explicit Stop(int after) : left_(after) {}
        void warn(const std::string&) override {}
        void note(const std::string&) override {}
        void progress(std::uint64_t, std::uint64_t) override {
            if (left_-- == 0) throw Interrupted(15);
        }

    private:
        int left_;
    };
    const Buffer bytes = Random(1107).bytes(6'000'000);
    const chunk::Hasher hasher(sample_key());
    for (int after = 0; after < 5; ++after) {
        CAPTURE(after);
        // The thread beside is still hashing what was read last. Memory that it must not use any more
        // is gone in this child, so that using it shows.
        const int status = run_child([&] {
            ::mallopt(M_MMAP_THRESHOLD, 64 << 10);
            Stop monitor(after);
            io::BufferSink sink;
            try {
                StreamWriter stream(sink, sample_header(), {1, 2});
                ContentWriter content(stream, hasher, nullptr, true, monitor);
                content.begin(blocks, nullptr);
                io::BufferSource source(bytes);
                (void)content.region(UINT64_MAX, [&](MutableSpan into) { return source.read(into); });
            } catch (const Interrupted&) {
                return 0;
            }
            return 1;
        });
        CHECK(status == 0);
    }
}
