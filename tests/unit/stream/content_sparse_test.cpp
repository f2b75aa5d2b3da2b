// SPDX-License-Identifier: Apache-2.0
// content.hpp: zeros, holes and files of blocks.
#include <doctest/doctest.h>

#include "unit/stream/content_support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("long runs of zeros are told, not sent, and short ones are data") {
    const auto zeros = [](std::size_t n) { return Buffer(n, std::byte{0}); };
    const Buffer noise = Random(1068).bytes(50'000);
    struct Row {
        std::size_t before, zeros, after;
        std::uint64_t told; // at least so many bytes of zeros are an extent
    };
    static constexpr Row rows[] = {
        {0, 4095, 0, 0},          {0, 4096, 0, 4096},           {0, 5'000'000, 0, 5'000'000},
        {0, 4096, 100, 4096},     {0, 4095, 1000, 0},           {0, 100'000, 50'000, 100'000},
        {1000, 4000, 1000, 0},    {50'000, 5'000'000, 50'000, 4'983'000},
        {50'000, 2'000'000, 0, 1'983'000}, {10, 1'048'576, 10, 1'031'000},
    };
    for (const Row& row : rows)
        for (const std::size_t piece : {std::size_t{1000}, SIZE_MAX}) {
            CAPTURE(row.before);
            CAPTURE(row.zeros);
            CAPTURE(row.after);
            Buffer bytes(noise.begin(), noise.begin() + static_cast<std::ptrdiff_t>(row.before));
            append(bytes, zeros(row.zeros));
            append(bytes, ByteSpan(noise).first(row.after));
            Received got = transfer({file_of("f", bytes)}, nullptr, {piece, true, 1});
            const std::uint64_t told = bytes_of_kind(got.extents["f"], Extent::Kind::zero);
            CHECK(told >= row.told);
            CHECK(told <= row.zeros);
            if (row.told == 0) CHECK(told == 0);
            // And again, against itself.
            ContentTotals totals;
            (void)transfer({file_of("f", bytes)}, &got.side, {piece, true, 1}, &totals);
            CHECK(totals.new_chunks == 0);
        }
}

TEST_CASE("holes are told with their exact size and keep the SHA-256 right") {
    Random random(1069);
    const File file{"f",
                    {{random.bytes(10'000), 0}, {{}, 1}, {random.bytes(1), 0}, {{}, 5'000'000}, {random.bytes(20'000), 0}, {{}, 131'072}},
                    small_chunks};
    for (const chunk::Params params : {small_chunks, blocks}) {
        File f = file;
        f.params = params;
        Received got = transfer({f});
        const auto& extents = got.extents["f"];
        REQUIRE(extents.size() == 6);
        CHECK(extents[0].bytes == 10'000);
        CHECK(extents[1] == Extent{Extent::Kind::hole, 1, 0});
        CHECK(extents[2].bytes == 1);
        CHECK(extents[3] == Extent{Extent::Kind::hole, 5'000'000, 0});
        CHECK(extents[4].bytes == 20'000);
        CHECK(extents[5] == Extent{Extent::Kind::hole, 131'072, 0});
        ContentTotals totals;
        (void)transfer({f}, &got.side, {}, &totals);
        CHECK(totals.new_chunks == 0);
        CHECK(totals.read_bytes == 30'001);
    }
    Received only = transfer({{"f", {{{}, std::uint64_t{1} << 20}}, small_chunks}});
    CHECK(only.extents["f"] == std::vector<Extent>{{Extent::Kind::hole, 1 << 20, 0}});
}

TEST_CASE("a hole of no bytes is nothing") {
    const Buffer bytes = Random(1070).bytes(1000);
    SilentMonitor monitor;
    io::BufferSink sink;
    const chunk::Hasher hasher(sample_key());
    StreamWriter stream(sink, sample_header(), {});
    ContentWriter content(stream, hasher, nullptr, true, monitor);
    write_op(stream, entry_op(Type::directory, ""));
    write_op(stream, entry_op(Type::file, "f"));
    content.begin(small_chunks, nullptr);
    content.hole(0);
    send_file(content, file_of("f", bytes), SIZE_MAX);
    content.hole(0);
    stream.end(content.end().sha256);
    (void)stream.finish(false, std::nullopt);
    Received got = receive(sink.bytes(), nullptr);
    CHECK(got.extents["f"] == std::vector<Extent>{{Extent::Kind::data, 1000, 1}});
}

TEST_CASE("zeros on both sides of the border of two regions are one extent") {
    // A file of which a hole was filled while it was read: region follows region.
    const Buffer zeros(8192, std::byte{0});
    for (const chunk::Params params : {small_chunks, blocks}) {
        const File file{"f", {{zeros, 0}, {zeros, 0}, {Random(1).bytes(5000), 0}, {zeros, 0}, {zeros, 0}, {{}, 10}, {zeros, 0}}, params};
        Received got = transfer({file});
        const auto& extents = got.extents["f"];
        REQUIRE_FALSE(extents.empty());
        CHECK(extents.front() == Extent{Extent::Kind::zero, 16'384, 0});
        CHECK(extents.back() == Extent{Extent::Kind::zero, 8192, 0});
    }
}

TEST_CASE("random sparse files come back and are cut as from scratch, also against an earlier version") {
    for (std::uint64_t seed = 1080; seed < 1100; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        File file{"f", {}, seed % 2 == 0 ? blocks : small_chunks};
        const auto grow = [&] {
            for (std::uint64_t n = random.between(1, 5); n > 0; --n) {
                const bool hole = !file.parts.empty() && file.parts.back().hole == 0;
                if (hole) {
                    file.parts.push_back({{}, random.between(1, 50'000)});
                } else {
                    Buffer bytes = random.bytes(random.between(1, 60'000));
                    if (random.one_in(2)) append(bytes, Buffer(random.below(20'000), std::byte{0}));
                    if (random.one_in(2)) insert(bytes, 0, Buffer(random.below(20'000), std::byte{0}));
                    file.parts.push_back({std::move(bytes), 0});
                }
            }
        };
        grow();
        Received last = transfer({file});
        CHECK(last.ids["f"] == ids_from_scratch(file));
        for (int generation = 0; generation < 6; ++generation) {
            CAPTURE(generation);
            if (random.one_in(2)) grow();
            Part& part = file.parts[random.below(file.parts.size())];
            if (part.hole > 0) part.hole = random.between(1, 50'000);
            else edit(part.bytes, random);
            if (part.hole == 0 && part.bytes.empty()) part.bytes = random.bytes(1);
            last = transfer({file}, &last.side);
            const bool same = last.ids["f"] == ids_from_scratch(file);
            CHECK(same);
        }
    }
}

TEST_CASE("blocks count from the start of the file, and blocks of zeros are not sent") {
    Random random(1101);
    Buffer bytes = random.bytes(100 * 4096 + 17);
    for (const std::size_t block : {0U, 5U, 6U, 50U}) overwrite(bytes, block * 4096, Buffer(4096, std::byte{0}));
    Received got = transfer({file_of("f", bytes, blocks)});
    CHECK(bytes_of_kind(got.extents["f"], Extent::Kind::zero) == 4 * 4096);
    CHECK(got.side.chunks.size() == 97);
    CHECK(got.side.table.lengths.back() == 17);
    for (std::size_t i = 0; i + 1 < 97; ++i) REQUIRE(got.side.table.lengths[i] == 4096);
    // Behind a hole of an odd size the first block is short, so that the next ones are in place.
    const File sparse{"f", {{{}, 5000}, {random.bytes(20'000), 0}}, blocks};
    got = transfer({sparse});
    CHECK(got.side.table.lengths == std::vector<std::uint32_t>{3192, 4096, 4096, 4096, 4096, 424});
}

TEST_CASE("in a file of blocks a change in place sends the blocks that changed") {
    Random random(1102);
    Buffer bytes = random.bytes(1 << 20);
    const Side side = transfer({file_of("f", bytes, blocks)}).side;
    overwrite(bytes, 10 * 4096 + 5, random.bytes(1));
    overwrite(bytes, 20 * 4096 - 1, random.bytes(2)); // over a border
    overwrite(bytes, 255 * 4096, random.bytes(4096));
    ContentTotals totals;
    (void)transfer({file_of("f", bytes, blocks)}, &side, {}, &totals);
    CHECK(totals.new_chunks == 4);
    CHECK(totals.new_bytes == 4 * 4096);
}
