// SPDX-License-Identifier: Apache-2.0
#include "chunk/id_index.hpp"

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("an index of ids finds the place of each that was added") {
    std::vector<chunk::ChunkId> ids;
    chunk::IdIndex index;
    CHECK_FALSE(index.find(made_up_id(0), ids));
    for (std::uint64_t i = 0; i < 5000; ++i) {
        ids.push_back(made_up_id(2 * i));
        ids.push_back(made_up_id(2 * i + 1)); // never added
        REQUIRE_FALSE(index.find(ids[2 * i], ids));
        index.add(2 * i, ids);
        REQUIRE(index.find(ids[2 * i], ids) == 2 * i);
    }
    for (std::uint64_t i = 0; i < 10000; ++i)
        REQUIRE(index.find(ids[i], ids) == (i % 2 == 0 ? std::optional(i) : std::nullopt));
    index.clear();
    CHECK_FALSE(index.find(ids[0], ids));
    index.add(7, ids);
    CHECK(index.find(ids[7], ids) == 7);
}

TEST_CASE("an index of ids tells ids apart that agree in what it hashes, and takes equal ones") {
    std::vector<chunk::ChunkId> ids;
    chunk::IdIndex index;
    for (unsigned i = 0; i < 50; ++i) {
        chunk::ChunkId id;
        id.bytes[15] = std::byte{static_cast<std::uint8_t>(i)};
        ids.push_back(id);
        index.add(i, ids);
        REQUIRE(index.find(id, ids) == i);
    }
    ids.push_back(ids[3]);
    index.add(50, ids);
    const auto at = index.find(ids[3], ids);
    REQUIRE(at);
    CHECK(ids[*at] == ids[3]);
}
