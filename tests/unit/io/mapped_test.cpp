// SPDX-License-Identifier: Apache-2.0
#include "io/mapped.hpp"

#include <doctest/doctest.h>

#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::io;

TEST_CASE("a map shows the whole file, also after the descriptor was closed and the name removed") {
    const TempDir temp;
    for (const std::size_t size : {1U, 4095U, 4096U, 4097U, 1'000'000U}) {
        CAPTURE(size);
        const Buffer bytes = Random(size).bytes(size);
        temp.write("file", as_text(bytes));
        Mapped map;
        {
            const Fd fd = open_at(temp.dir(), "file");
            map = Mapped(fd.get(), "file");
        }
        unlink_at(temp.dir(), "file");
        CHECK(equal(map.bytes(), bytes));
    }
}

TEST_CASE("an empty file and no file are maps of no bytes") {
    const TempDir temp;
    temp.write("file", "");
    const Fd fd = open_at(temp.dir(), "file");
    CHECK(Mapped(fd.get(), "file").bytes().empty());
    CHECK(Mapped().bytes().empty());
}

TEST_CASE("a map moves with its bytes") {
    const TempDir temp;
    temp.write("a", "first");
    temp.write("b", "second");
    const Fd fd_a = open_at(temp.dir(), "a"), fd_b = open_at(temp.dir(), "b");
    Mapped a(fd_a.get(), "a"), b(fd_b.get(), "b");
    Mapped c(std::move(a));
    CHECK(a.bytes().empty()); // NOLINT: what a move leaves is part of the contract
    CHECK(as_text(c.bytes()) == "first");
    c = std::move(b);
    CHECK(as_text(c.bytes()) == "second");
    Mapped& self = c;
    c = std::move(self);
    CHECK(as_text(c.bytes()) == "second");
    c = Mapped();
    CHECK(c.bytes().empty());
}

TEST_CASE("what cannot be mapped is exit 74 and names the path") {
    const TempDir temp;
    CHECK(failure_of([&] { const Mapped map(-1, "closed"); }).code == Exit::io);
    CHECK(failure_of([&] { const Mapped map(-1, "closed"); }).names("closed: "));
    // A descriptor that may only be written.
    const Fd fd(::open(temp.path("file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    write_all(fd.get(), as_bytes("x"), "file");
    CHECK(code_of([&] { const Mapped map(fd.get(), "file"); }) == Exit::io);
}
