// SPDX-License-Identifier: Apache-2.0
#include "tree/file_map.hpp"

#include <doctest/doctest.h>

#include <random>

#include "base/text.hpp"

using namespace rs;
using tree::FileMap;

TEST_CASE("a map of files gives each chunk its file") {
    std::mt19937_64 random(7);
    const auto below = [&](std::uint64_t n) { return random() % n; };
    std::vector<FileMap::File> files;
    FileMap map;
    CHECK(map.find(0) == nullptr);
    std::uint64_t next = 5;
    for (unsigned i = 0; i < 1000; ++i) {
        FileMap::File file;
        next += below(3) == 0 ? below(200) : 0; // chunks that no file has
        file.first = next;
        file.end = next += 1 + below(300);
        file.path = cat("a directory/", i / 100, "/", std::string(below(3), 'x'), i);
        for (std::uint64_t k = 0; k < below(4); ++k) file.gaps.emplace_back(file.first + k, random() >> below(64));
        file.gaps.emplace_back(file.end, UINT64_MAX);
        map.add(file);
        files.push_back(file);
    }
    const auto same = [](const FileMap::File* found, const FileMap::File& file) {
        return found != nullptr && found->first == file.first && found->end == file.end && found->path == file.path &&
               found->gaps == file.gaps;
    };
    for (unsigned i = 0; i < 20000; ++i) {
        const FileMap::File& file = files[below(files.size())];
        REQUIRE(same(map.find(file.first + below(file.end - file.first)), file));
    }
    std::size_t at = 0;
    for (std::uint64_t chunk = 0; chunk < next + 10; ++chunk) {
        while (at < files.size() && files[at].end <= chunk) ++at;
        const bool held = at < files.size() && files[at].first <= chunk;
        const FileMap::File* const found = map.find(chunk);
        REQUIRE((found != nullptr) == held);
        if (held) REQUIRE(same(found, files[at]));
    }
}

TEST_CASE("files that are met after a lookup are found too") {
    FileMap map;
    for (std::uint64_t i = 0; i < 300; ++i) {
        map.add({i, i + 1, std::to_string(i), {}});
        for (const std::uint64_t chunk : {i, i / 2}) {
            const FileMap::File* const found = map.find(chunk);
            REQUIRE(found != nullptr);
            REQUIRE(found->path == std::to_string(chunk));
        }
        REQUIRE(map.find(i + 1) == nullptr);
    }
}
