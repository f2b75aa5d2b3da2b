// SPDX-License-Identifier: Apache-2.0
#include "stream/checker.hpp"

#include <doctest/doctest.h>

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

Op root() { return entry_op(Type::directory, ""); }
Op dir(std::string path) { return entry_op(Type::directory, std::move(path)); }
Op file(std::string path) { return entry_op(Type::file, std::move(path)); }
Op fifo(std::string path) { return entry_op(Type::fifo, std::move(path)); }
Op hole(std::uint64_t bytes) { return plain_op(Op::Kind::hole, bytes); }
Op zero(std::uint64_t bytes) { return plain_op(Op::Kind::zero, bytes); }
Op data(std::uint64_t bytes, std::uint64_t chunks = 1) { return data_op(bytes, {{Run::Kind::fresh, 0, chunks}}); }
Op withdraw() { return plain_op(Op::Kind::withdraw); }

TreeTotals totals_of(const std::vector<Op>& ops) {
    Checker checker("test");
    for (const Op& op : ops) checker.feed(op);
    checker.finish();
    return checker.totals();
}

Exit checked(const std::vector<Op>& ops) {
    return code_of([&] { (void)totals_of(ops); });
}

} // namespace

TEST_CASE("every random tree is a whole manifest") {
    for (std::uint64_t seed = 300; seed < 350; ++seed) {
        CAPTURE(seed);
        const auto ops = RandomTree(seed, {Run::Kind::fresh}).ops(12, 4);
        CHECK(failure_of([&] { (void)totals_of(ops); }).message == "");
    }
}

TEST_CASE("the first entry is the root directory") {
    CHECK(checked({root()}) == Exit::ok);
    CHECK(checked({dir("a")}) == Exit::data);
    CHECK(checked({file(""), end_op()}) == Exit::data);
    CHECK(checked({entry_op(Type::symlink, "", "a")}) == Exit::data);
    CHECK(checked({hole(1)}) == Exit::data);
}

TEST_CASE("a manifest without any entry is refused") {
    CHECK(checked({}) == Exit::data);
}

TEST_CASE("the root comes once") {
    CHECK(checked({root(), root()}) == Exit::data);
    CHECK(checked({root(), dir("a"), root()}) == Exit::data);
}

TEST_CASE("paths are legal") {
    for (const std::string path : {"/a", "..", "a/../b", ".", "a//b", "a/"}) {
        CAPTURE(path);
        CHECK(checked({root(), dir("a"), fifo(path)}) == Exit::data);
        CHECK(checked({root(), fifo(path)}) == Exit::data);
    }
    CHECK(checked({root(), fifo(std::string("a\0b", 3))}) == Exit::data);
    CHECK(checked({root(), fifo("\xff\n\\")}) == Exit::ok);
}

TEST_CASE("paths ascend in walk order") {
    CHECK(checked({root(), fifo("a"), fifo("b")}) == Exit::ok);
    CHECK(checked({root(), fifo("b"), fifo("a")}) == Exit::data);
    CHECK(checked({root(), dir("a"), fifo("a/b"), fifo("a!")}) == Exit::ok); // "/" is below "!"
    CHECK(checked({root(), dir("a"), fifo("a!"), fifo("a/b")}) == Exit::data);
}

TEST_CASE("no path comes twice") {
    CHECK(checked({root(), fifo("a"), fifo("a")}) == Exit::data);
    CHECK(checked({root(), file("a"), end_op(), file("a"), end_op()}) == Exit::data);
}

TEST_CASE("each entry is in a directory that is there") {
    CHECK(checked({root(), dir("a"), fifo("a/b")}) == Exit::ok);
    CHECK(checked({root(), fifo("a/b")}) == Exit::data);
    CHECK(checked({root(), dir("a"), fifo("b/c")}) == Exit::data);
    CHECK(checked({root(), dir("a"), dir("a/b"), fifo("a/c/d")}) == Exit::data);
    CHECK(checked({root(), dir("a"), dir("a/b"), dir("a/b/c"), fifo("a/b/c/d"), fifo("a/e"), fifo("f")}) ==
          Exit::ok);
    CHECK(checked({root(), dir("a"), dir("a/b"), fifo("a/c"), fifo("a/b/d")}) == Exit::data);
    CHECK(checked({root(), dir("ab"), fifo("a/b")}) == Exit::data); // a name is no prefix of text
    CHECK(checked({root(), dir("a"), fifo("ab/c")}) == Exit::data);
}

TEST_CASE("only a directory holds entries") {
    CHECK(checked({root(), fifo("a"), fifo("a/b")}) == Exit::data);
    CHECK(checked({root(), file("a"), end_op(), fifo("a/b")}) == Exit::data);
    CHECK(checked({root(), entry_op(Type::symlink, "a", "x"), fifo("a/b")}) == Exit::data);
    CHECK(checked({root(), fifo("0"), entry_op(Type::hardlink, "a", "0"), fifo("a/b")}) == Exit::data);
}

TEST_CASE("a hard link points to an earlier path") {
    const auto link = [](std::string target) {
        return checked({root(), dir("a"), fifo("a/b"), entry_op(Type::hardlink, "c", std::move(target)), fifo("d")});
    };
    CHECK(link("a/b") == Exit::ok);
    CHECK(link("c") == Exit::data);
    CHECK(link("d") == Exit::data);
    CHECK(link("") == Exit::data);
    CHECK(link("/a/b") == Exit::data);
    CHECK(link("a/../a/b") == Exit::data);
    CHECK(link("./a") == Exit::data);
}

TEST_CASE("a symbolic link has a text without NUL") {
    CHECK(checked({root(), entry_op(Type::symlink, "a", "/../anything\n")}) == Exit::ok);
    CHECK(checked({root(), entry_op(Type::symlink, "a", "")}) == Exit::data);
    CHECK(checked({root(), entry_op(Type::symlink, "a", std::string("x\0y", 3))}) == Exit::data);
}

TEST_CASE("attributes have names and are sorted, each once") {
    const auto with = [](std::vector<Xattr> xattrs) {
        Op op = fifo("a");
        op.entry.xattrs = std::move(xattrs);
        return checked({root(), op});
    };
    CHECK(with({{"user.a", ""}, {"user.b", "x"}}) == Exit::ok);
    CHECK(with({{"user.b", ""}, {"user.a", "x"}}) == Exit::data);
    CHECK(with({{"user.a", ""}, {"user.a", ""}}) == Exit::data);
    CHECK(with({{"", "x"}}) == Exit::data);
    CHECK(with({{std::string("user\0a", 6), "x"}}) == Exit::data);
    Op first = root();
    first.entry.xattrs = {{"b", ""}, {"a", ""}};
    CHECK(checked({first}) == Exit::data);
}

TEST_CASE("a file is followed by its extents and its end") {
    CHECK(checked({root(), file("a"), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), data(5), hole(3), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a")}) == Exit::data);
    CHECK(checked({root(), file("a"), data(5)}) == Exit::data);
    CHECK(checked({root(), file("a"), fifo("b")}) == Exit::data);
    CHECK(checked({root(), file("a"), data(5), file("b"), end_op()}) == Exit::data);
}

TEST_CASE("extents and ends are inside a file") {
    for (const Op& op : {data(5), hole(5), zero(5), end_op(), withdraw()}) {
        CAPTURE(static_cast<int>(op.kind));
        CHECK(checked({root(), op}) == Exit::data);
        CHECK(checked({root(), fifo("a"), op}) == Exit::data);
        CHECK(checked({root(), file("a"), end_op(), op}) == Exit::data);
        CHECK(checked({op}) == Exit::data);
    }
}

TEST_CASE("gaps and data may come in parts") {
    CHECK(checked({root(), file("a"), hole(1), hole(1), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), zero(1), zero(1), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), hole(1), zero(1), hole(1), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), hole(1), data(1), hole(1), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), data(1), data(1), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), hole(1), end_op(), file("b"), hole(1), end_op()}) == Exit::ok);
}

TEST_CASE("a file is no larger than the limit") {
    const std::uint64_t most = max_file_bytes;
    CHECK(checked({root(), file("a"), hole(most), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), hole(most), zero(1), end_op()}) == Exit::data);
    CHECK(checked({root(), file("a"), hole(most), zero(most), hole(most), zero(most), end_op()}) == Exit::data);
}

TEST_CASE("the sizes of all files fit in 64 bits") {
    std::vector<Op> ops{root()};
    for (const std::string path : {"a", "b", "c"}) {
        ops.push_back(file(path));
        ops.push_back(hole(max_file_bytes));
        ops.push_back(end_op());
    }
    CHECK(checked(ops) == Exit::ok);
    ops.push_back(file("d"));
    ops.push_back(hole(max_file_bytes));
    ops.push_back(end_op());
    CHECK(checked(ops) == Exit::data);
}

TEST_CASE("nothing refers to a parent generation") {
    CHECK(checked({root(), plain_op(Op::Kind::copy, 1)}) == Exit::data);
    CHECK(checked({root(), plain_op(Op::Kind::skip, 1)}) == Exit::data);
    CHECK(checked({plain_op(Op::Kind::copy, 1)}) == Exit::data);
}

TEST_CASE("a withdrawn file is as if it had not been written") {
    const std::vector<Op> whole{root(), dir("a"), file("a/b"), data(5), end_op(), fifo("c")};
    const std::vector<Op> twice{root(),  dir("a"), file("a/b"), data(9), zero(3), withdraw(),
                                file("a/b"), withdraw(), file("a/b"), data(5), end_op(), fifo("c")};
    CHECK(totals_of(twice) == totals_of(whole));
    CHECK(checked({root(), file("a"), withdraw()}) == Exit::ok);
    CHECK(checked({root(), file("a"), withdraw(), fifo("b")}) == Exit::ok);
    CHECK(checked({root(), file("b"), withdraw(), fifo("a")}) == Exit::ok);
    CHECK(checked({root(), file("a"), end_op(), file("b"), withdraw(), fifo("a")}) == Exit::data);
    CHECK(checked({root(), file("a"), hole(1), withdraw(), file("a"), hole(1), end_op()}) == Exit::ok);
    CHECK(checked({root(), file("a"), withdraw(), withdraw()}) == Exit::data);
    CHECK(checked({root(), file("a"), withdraw(), data(1)}) == Exit::data);
}

TEST_CASE("the directories that a withdrawn file is not in are complete") {
    CHECK(checked({root(), dir("a"), dir("a/b"), file("a/z"), withdraw(), fifo("a/b/c")}) == Exit::data);
    CHECK(checked({root(), dir("a"), file("z"), data(5), withdraw(), fifo("a/b")}) == Exit::data);
    CHECK(checked({root(), dir("a"), file("a/z"), data(5), withdraw(), fifo("a/b")}) == Exit::ok);
    CHECK(checked({root(), dir("a"), file("z"), withdraw(), fifo("b/c")}) == Exit::data);
}

TEST_CASE("totals count what the tree holds") {
    const TreeTotals totals = totals_of({
        root(),
        dir("d"),
        file("d/empty"),
        end_op(chunk::sha256({})),
        file("d/sparse"),
        data(10, 2),
        hole(100),
        data(5, 1),
        data(5, 1),
        zero(1000),
        end_op(),
        entry_op(Type::hardlink, "h", "d/sparse"),
        entry_op(Type::symlink, "s", "x"),
    });
    CHECK(totals.entries == 6);
    CHECK(totals.files == 2);
    CHECK(totals.directories == 2);
    CHECK(totals.bytes == 1120);
    CHECK(totals.data_bytes == 20);
    CHECK(totals.chunks == 4);
    CHECK(totals.files_without_sha256 == 1);
}

TEST_CASE("a refusal names the manifest and the entry, made printable") {
    Checker checker("store/g12");
    checker.feed(root());
    checker.feed(fifo("b\n"));
    const Failure failure = failure_of([&] { checker.feed(fifo("a\x1b")); });
    CHECK(failure.names("store/g12: entry a\\033: "));
    Checker at_root("store/g12");
    CHECK(failure_of([&] { at_root.feed(file("")); }).names("store/g12: entry .: "));
}
