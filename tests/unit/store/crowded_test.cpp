// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "store/pack_writer.hpp"
#include "store/repack.hpp"
#include "unit/io/support.hpp"

using namespace rs;

namespace {

// A pack of so many chunks of one byte, in one segment, that takes so many bytes.
std::shared_ptr<store::PackIndex> make_pack(const std::shared_ptr<io::Dir>& dir, std::uint64_t serial,
                                            std::size_t chunks, std::size_t bytes) {
    store::PackWriter writer(dir, serial, {});
    chunk::SegmentHead head;
    head.raw_bytes = chunks;
    head.lengths.assign(chunks, 1);
    REQUIRE(writer.takes(chunks));
    (void)writer.add(head, Buffer(16 * chunks), Buffer(bytes), store::SegmentKind::data);
    return writer.finish();
}

} // namespace

TEST_CASE("sixteen small packs are too many, unless they have chunks enough for large ones") {
    const test::TempDir temporary;
    const auto dir = std::make_shared<io::Dir>(io::open_dir(temporary.path()));
    const auto packs = [&](std::uint64_t first, std::size_t count, std::size_t chunks) {
        std::vector<std::shared_ptr<store::PackIndex>> out;
        for (std::size_t i = 0; i < count; ++i) out.push_back(make_pack(dir, first + i, chunks, 100'000));
        return out;
    };
    const std::size_t many = store::pack_target_chunks / 8;
    auto few = packs(100, 15, 10);
    CHECK(store::crowded(few).empty());
    few.push_back(packs(200, 1, 10).front());
    CHECK(store::crowded(few).size() == 16);
    CHECK(store::crowded(packs(300, 16, many - 1)).size() == 16);
    CHECK(store::crowded(packs(400, 20, many)).empty());
}

TEST_CASE("a pack takes segments up to its number of chunks, and an empty one any") {
    const test::TempDir temporary;
    const auto dir = std::make_shared<io::Dir>(io::open_dir(temporary.path()));
    store::PackWriter writer(dir, 1, {});
    CHECK(writer.takes(store::max_positions));
    chunk::SegmentHead head;
    head.raw_bytes = 10;
    head.lengths.assign(10, 1);
    (void)writer.add(head, Buffer(160), Buffer(20), store::SegmentKind::data);
    CHECK(writer.takes(store::pack_target_chunks - 10));
    CHECK_FALSE(writer.takes(store::pack_target_chunks - 9));
}
