// SPDX-License-Identifier: Apache-2.0
#include "io/flush_behind.hpp"

#include <unistd.h>

#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;

namespace {
constexpr std::uint64_t little = 1 << 20, much = 64 << 20;
}

TEST_CASE("a file that is closed meanwhile is flushed all the same") {
    const TempDir dir;
    io::FlushBehind behind;
    io::Fd file(::openat(dir.dir().get(), "f", O_WRONLY | O_CREAT, 0600));
    io::write_all(file.get(), Buffer(100), "f");
    behind.wrote(file.get(), much, "f");
    file = io::Fd();
    behind.settle();
    behind.settle();
}

TEST_CASE("a flush that failed is told of again and again") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const io::Fd reader(ends[0]), writer(ends[1]);
    io::FlushBehind behind;
    behind.wrote(writer.get(), little, "pipe"); // too little to be worth a flush
    behind.settle();
    behind.wrote(writer.get(), much, "pipe");
    for (int i = 0; i < 3; ++i) CHECK_THROWS_WITH_AS(behind.settle(), "pipe: cannot flush to disk: Invalid argument", Error);
    const TempDir dir;
    const io::Fd file(::openat(dir.dir().get(), "f", O_WRONLY | O_CREAT, 0600));
    CHECK_THROWS_AS(behind.wrote(file.get(), much, "f"), Error);
}

TEST_CASE("what was written to another file before does not count") {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const io::Fd reader(ends[0]), writer(ends[1]);
    io::FlushBehind behind;
    for (int i = 0; i < 100; ++i) {
        behind.next_file();
        behind.wrote(writer.get(), little, "pipe");
    }
    behind.settle();
    for (int i = 0; i < 100; ++i) {
        try {
            behind.wrote(writer.get(), little, "pipe");
        } catch (const Error&) {
            break;
        }
    }
    CHECK_THROWS_AS(behind.settle(), Error);
}
