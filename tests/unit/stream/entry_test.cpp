// SPDX-License-Identifier: Apache-2.0
#include "stream/entry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "stream/format.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

std::vector<std::string> components(std::string_view path) {
    std::vector<std::string> out;
    if (path.empty()) return out;
    for (;;) {
        const auto slash = path.find('/');
        out.emplace_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return out;
        path.remove_prefix(slash + 1);
    }
}

int sign(int n) { return (n > 0) - (n < 0); }

// The order of a walk: names compared one by one, as unsigned bytes; a directory before what is in it.
int by_components(std::string_view a, std::string_view b) {
    const auto x = components(a), y = components(b);
    return x < y ? -1 : x > y ? 1 : 0;
}

} // namespace

TEST_CASE("paths are ordered as a walk visits them") {
    static constexpr std::string_view rows[] = {
        "", "\x01", " ", "-", "a", "a/b", "a/b/c", "a/c", "a\x01", "a\x1f", "a ", "a-", "a-/b", "a.", "a.b", "a0",
        "ab", "ab/a", "b", "b/\x01", "b/\xff", "b!", "\x7f", "\x80", "\xc3\xa9", "\xff", "\xff/\xff", "\xff\xff",
    };
    for (std::size_t i = 0; i < std::size(rows); ++i)
        for (std::size_t k = 0; k < std::size(rows); ++k) {
            CAPTURE(rows[i]);
            CAPTURE(rows[k]);
            CHECK(sign(compare_paths(rows[i], rows[k])) == sign(static_cast<int>(i) - static_cast<int>(k)));
        }
}

TEST_CASE("the order of paths is that of their components") {
    const std::uint64_t seed = 101;
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 100'000; ++i) {
        const auto path = [&] {
            std::string out;
            for (std::uint64_t n = random.below(5); n > 0; --n)
                out += (out.empty() ? "" : "/") + random.letters(1 + random.below(3), "a.0-\x01\x2e\x30\x7f\x80\xff");
            return out;
        };
        const std::string a = path(), b = path();
        if (sign(compare_paths(a, b)) != by_components(a, b) ||
            sign(compare_paths(a, b)) != -sign(compare_paths(b, a))) {
            CAPTURE(a);
            CAPTURE(b);
            FAIL_CHECK("another order than that of the components");
        }
    }
}

TEST_CASE("a path parts into its directory and its name") {
    struct Row {
        std::string_view path, parent, name;
    };
    static constexpr Row rows[] = {
        {"", "", ""}, {"a", "", "a"}, {"a/b", "a", "b"}, {"a/b/c", "a/b", "c"}, {"a.b/c d", "a.b", "c d"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.path);
        CHECK(parent_path(row.path) == row.parent);
        CHECK(base_name(row.path) == row.name);
    }
}

TEST_CASE("a path that may stand in a manifest has no fault") {
    const std::string name(max_name_bytes, 'n');
    std::string longest = name;
    while (longest.size() + 1 + name.size() <= max_path_bytes) longest += "/" + name;
    std::string deepest = "d";
    for (std::size_t i = 1; i < max_depth; ++i) deepest += "/d";
    const std::string rows[] = {"", "a", "a/b", "...", "..a", "a..", ".a", "a.", "a/.../b", " ", "\n", "\xff/\x01",
                                "a\\b", "*", "-rf", name, "x/" + name, longest, deepest};
    for (const std::string& row : rows) {
        CAPTURE(row);
        CHECK(path_fault(row) == "");
    }
}

TEST_CASE("a path that could lead elsewhere or is too long has a fault") {
    struct Row {
        std::string path;
        std::string_view fault;
    };
    std::string deep = "d";
    for (std::size_t i = 0; i < max_depth; ++i) deep += "/d";
    const Row rows[] = {
        {"/", "is absolute"},
        {"/etc/passwd", "is absolute"},
        {"//", "is absolute"},
        {".", "holds . or .."},
        {"..", "holds . or .."},
        {"../a", "holds . or .."},
        {"a/..", "holds . or .."},
        {"a/../b", "holds . or .."},
        {"./a", "holds . or .."},
        {"a/./b", "holds . or .."},
        {"a/", "holds an empty name"},
        {"a//b", "holds an empty name"},
        {"a/b/", "holds an empty name"},
        {std::string("\0", 1), "holds a NUL byte"},
        {std::string("a\0b", 3), "holds a NUL byte"},
        {std::string("a/b\0", 4), "holds a NUL byte"},
        {std::string(max_name_bytes + 1, 'n'), "holds a name longer than the limit"},
        {"a/" + std::string(max_name_bytes + 1, 'n') + "/b", "holds a name longer than the limit"},
        {std::string(max_path_bytes + 1, 'n'), "is longer than the limit"},
        {deep, "is deeper than the limit"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.path.substr(0, 40));
        CHECK(path_fault(row.path) == row.fault);
    }
}

TEST_CASE("every type has a name of its own") {
    std::vector<std::string_view> names;
    for (unsigned i = 1; i <= 8; ++i) names.push_back(type_name(static_cast<Type>(i)));
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    CHECK(std::find(names.begin(), names.end(), "unknown") == names.end());
    CHECK(type_name(static_cast<Type>(0)) == "unknown");
    CHECK(type_name(static_cast<Type>(9)) == "unknown");
    CHECK(type_name(Type::char_device) == "char-device");
}

TEST_CASE("stamps are ordered by seconds, then by nanoseconds") {
    CHECK(Stamp{-1, 999'999'999} < Stamp{0, 0});
    CHECK(Stamp{1, 1} < Stamp{1, 2});
    CHECK(Stamp{1, 2} == Stamp{1, 2});
}
