// SPDX-License-Identifier: Apache-2.0
#include "chunk/id_index.hpp"

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("an index of ids finds the first place of each") {
    chunk::IdIndex index;
    CHECK_FALSE(index.find(made_up_id(0)));
    for (std::uint64_t i = 0; i < 5000; ++i) {
        REQUIRE_FALSE(index.find(made_up_id(i)));
        index.add(made_up_id(i));
        REQUIRE(index.find(made_up_id(i)) == i);
    }
    for (std::uint64_t i = 0; i < 5000; ++i) index.add(made_up_id(i)); // 5000 to 9999
    for (std::uint64_t i = 0; i < 5000; ++i) REQUIRE(index.find(made_up_id(i)) == i);
    CHECK_FALSE(index.find(made_up_id(5000)));
    // Ids that agree in what the index hashes.
    chunk::IdIndex alike;
    for (unsigned i = 0; i < 50; ++i) {
        chunk::ChunkId id;
        id.bytes[15] = std::byte{static_cast<std::uint8_t>(i)};
        alike.add(id);
        REQUIRE(alike.find(id) == i);
    }
    alike.clear();
    CHECK_FALSE(alike.find(made_up_id(0)));
    alike.add(made_up_id(7));
    CHECK(alike.find(made_up_id(7)) == 0);
}
