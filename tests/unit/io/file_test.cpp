// SPDX-License-Identifier: Apache-2.0
#include "io/file.hpp"

#include <doctest/doctest.h>

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <set>
#include <thread>

#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::io;

namespace {

mode_t mode_of(const TempDir& temp, const std::string& name) {
    struct stat st{};
    REQUIRE(::lstat(temp.path(name).c_str(), &st) == 0);
    return st.st_mode & 07777;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

constexpr uid_t nobody = 65534;

// In a child: gives up root, so that permissions count. True if they count.
bool drop_privileges() {
    if (::geteuid() != 0) return true;
    return ::setgid(nobody) == 0 && ::setuid(nobody) == 0;
}

} // namespace

TEST_CASE("a descriptor has one owner and is closed once") {
    Fd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int first = a.get();
    REQUIRE(is_open(first));
    Fd b(std::move(a));
    CHECK_FALSE(a); // NOLINT: what a move leaves is part of the contract
    CHECK(b.get() == first);
    Fd c(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int second = c.get();
    c = std::move(b);
    CHECK(c.get() == first);
    CHECK_FALSE(is_open(second));
    Fd& self = c;
    c = std::move(self);
    CHECK(is_open(first));
    const int freed = c.release();
    CHECK(freed == first);
    CHECK_FALSE(c);
    CHECK(is_open(first));
    {
        const Fd owner(freed);
    }
    CHECK_FALSE(is_open(first));
    Fd d(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    d.abandon();
    d.abandon();
    CHECK_FALSE(d);
}

TEST_CASE("opening what is missing is exit 66 and names the path") {
    const TempDir temp;
    const std::string path = temp.path("none");
    CHECK(failure_of([&] { (void)open_dir(path); }).code == Exit::no_input);
    CHECK(failure_of([&] { (void)open_dir(path); }).names(cat(path, ": ")));
    CHECK(code_of([&] { (void)open_dir_at(temp.dir(), "none"); }) == Exit::no_input);
    CHECK(code_of([&] { (void)open_file(path); }) == Exit::no_input);
    CHECK(code_of([&] { (void)open_at(temp.dir(), "none"); }) == Exit::no_input);
    CHECK(failure_of([&] { (void)open_at(temp.dir(), "none"); }).names(cat(path, ": ")));
    CHECK_FALSE(try_open_at(temp.dir(), "none"));
    CHECK_FALSE(exists_at(temp.dir(), "none"));
}

TEST_CASE("a file is no directory: exit 66") {
    const TempDir temp;
    temp.write("file", "x");
    CHECK(code_of([&] { (void)open_dir(temp.path("file")); }) == Exit::no_input);
    CHECK(code_of([&] { (void)open_dir_at(temp.dir(), "file"); }) == Exit::no_input);
    CHECK(code_of([&] { (void)make_dir_at(temp.dir(), "file"); }) == Exit::no_input);
}

TEST_CASE("opening by directory follows no symbolic link") {
    const TempDir temp;
    temp.write("file", "x");
    REQUIRE(::mkdir(temp.path("dir").c_str(), 0700) == 0);
    REQUIRE(::symlink("file", temp.path("to-file").c_str()) == 0);
    REQUIRE(::symlink("dir", temp.path("to-dir").c_str()) == 0);
    REQUIRE(::symlink("nowhere", temp.path("dangling").c_str()) == 0);
    CHECK(code_of([&] { (void)open_at(temp.dir(), "to-file"); }) == Exit::no_input);
    CHECK(code_of([&] { (void)try_open_at(temp.dir(), "to-file"); }) == Exit::no_input);
    CHECK(code_of([&] { (void)try_open_at(temp.dir(), "dangling"); }) == Exit::no_input);
    CHECK(code_of([&] { (void)open_dir_at(temp.dir(), "to-dir"); }) == Exit::no_input);
    CHECK(code_of([&] { (void)make_dir_at(temp.dir(), "to-dir"); }) == Exit::no_input);
    CHECK(exists_at(temp.dir(), "dangling"));
    CHECK(open_dir(temp.path("to-dir")).fd); // by path it is the user's business
}

TEST_CASE("a directory is made with mode 0700 and found again") {
    const TempDir temp;
    {
        const Dir made = make_dir_at(temp.dir(), "new");
        CHECK(made.path == temp.path("new"));
        CHECK(made.name_of("x") == temp.path("new/x"));
        CHECK(mode_of(temp, "new") == 0700);
        write_file_atomic(made, "inside", as_bytes("1"));
    }
    const Dir again = make_dir_at(temp.dir(), "new");
    CHECK(exists_at(again, "inside"));
    CHECK(code_of([&] { (void)make_dir_at(temp.dir(), "no/such"); }) == Exit::cant_create);
}

TEST_CASE("a directory is listed sorted by bytes, again and again from one descriptor") {
    const TempDir temp;
    const std::vector<std::string> names{"-", ".hidden", "A", "a", "b\n", "b b", "\xff", "\xc3\xa9"};
    for (const std::string& name : names) temp.write(name, "");
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    CHECK(list_dir(temp.dir()) == sorted);
    CHECK(list_dir(temp.dir().get(), "shown") == sorted);
    const TempDir empty;
    CHECK(list_dir(empty.dir()).empty());
    temp.write("file", "");
    const Fd file = open_at(temp.dir(), "file");
    CHECK(code_of([&] { (void)list_dir(file.get(), "file"); }) == Exit::no_input);
}

TEST_CASE("read_full and pread_full give less than asked only at the end of the file") {
    const TempDir temp;
    temp.write("file", "0123456789");
    const Fd fd = open_at(temp.dir(), "file");
    Buffer four(4), twenty(20);
    CHECK(read_full(fd.get(), four, "file") == 4);
    CHECK(as_text(four) == "0123");
    CHECK(read_full(fd.get(), twenty, "file") == 6);
    CHECK(read_full(fd.get(), twenty, "file") == 0);
    CHECK(read_some(fd.get(), twenty, "file") == 0);
    CHECK(pread_full(fd.get(), four, 8, "file") == 2);
    CHECK(pread_full(fd.get(), four, 10, "file") == 0);
    CHECK(pread_full(fd.get(), four, 1000, "file") == 0);
    pread_exact(fd.get(), four, 6, "file");
    CHECK(as_text(four) == "6789");
    const Failure failure = failure_of([&] { pread_exact(fd.get(), four, 7, "the file"); });
    CHECK(failure.code == Exit::data);
    CHECK(failure.names("the file: truncated"));
    pread_exact(fd.get(), {}, 1000, "file");
    CHECK(code_of([&] { (void)read_some(-1, four, "closed"); }) == Exit::io);
    CHECK(code_of([&] { (void)pread_full(-1, four, 0, "closed"); }) == Exit::io);
}

TEST_CASE("read_full collects what a pipe gives in pieces") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const Fd reader(ends[0]);
    std::thread writer([fd = ends[1]] {
        for (int i = 0; i < 1000; ++i) write_all(fd, as_bytes("abc"), "pipe");
        ::close(fd);
    });
    Buffer out(4000);
    CHECK(read_full(reader.get(), out, "pipe") == 3000);
    writer.join();
    CHECK(as_text(ByteSpan(out).first(6)) == "abcabc");
}

TEST_CASE("written bytes are at their place") {
    const TempDir temp;
    const Fd fd(::open(temp.path("file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    write_all(fd.get(), as_bytes("0123456789"), "file");
    write_all(fd.get(), {}, "file");
    pwrite_all(fd.get(), as_bytes("ab"), 3, "file");
    pwrite_all(fd.get(), as_bytes("z"), 11, "file");
    write_all(fd.get(), as_bytes("-"), "file");
    CHECK(temp.read("file") == "012ab56789-z");
    sync_fd(fd.get(), "file");
    CHECK(code_of([&] { write_all(-1, as_bytes("x"), "closed"); }) == Exit::io);
    CHECK(code_of([&] { pwrite_all(-1, as_bytes("x"), 0, "closed"); }) == Exit::io);
    CHECK(code_of([&] { sync_fd(-1, "closed"); }) == Exit::io);
}

TEST_CASE("a device that is full is exit 74 and says what to do") {
    const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full);
    const Failure failure = failure_of([&] { write_all(full.get(), as_bytes("x"), "/dev/full"); });
    CHECK(failure.code == Exit::io);
    CHECK(failure.names("/dev/full: cannot write: "));
    CHECK_FALSE(failure.hint.empty());
}

TEST_CASE("a file is read whole up to its limit and refused beyond it") {
    const TempDir temp;
    for (const std::size_t size : {0U, 1U, 2U, 3U, 4095U, 4096U, 100'000U}) {
        CAPTURE(size);
        const Buffer bytes = Random(size).bytes(size);
        temp.write("file", as_text(bytes));
        CHECK(equal(read_file_at(temp.dir(), "file", size), bytes));
        CHECK(equal(read_file_at(temp.dir(), "file", SIZE_MAX), bytes));
        if (size == 0) continue;
        const Failure failure =
            failure_of([&] { (void)read_file_at(temp.dir(), "file", size - 1); });
        CHECK(failure.code == Exit::data);
        CHECK(failure.names(temp.path("file")));
    }
    CHECK(code_of([&] { (void)read_file_at(temp.dir(), "none", 10); }) == Exit::no_input);
}

TEST_CASE("the limit of a whole file also holds where its size is not known beforehand") {
    // A pipe says that its size is 0, as files of /proc do, and as a file that grows once did.
    for (std::size_t size = 0; size <= 20; ++size)
        for (std::size_t limit = 0; limit <= 20; ++limit) {
            CAPTURE(size);
            CAPTURE(limit);
            int ends[2];
            REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
            const Fd reader(ends[0]);
            write_all(ends[1], Buffer(size, std::byte{1}), "pipe");
            ::close(ends[1]);
            Buffer got;
            const Exit code = code_of([&] { got = read_file(reader.get(), limit, "pipe"); });
            CHECK(code == (size <= limit ? Exit::ok : Exit::data));
            CHECK(got.size() == (size <= limit ? size : 0));
        }
}

TEST_CASE("renaming replaces the target") {
    const TempDir temp;
    const Dir other = make_dir_at(temp.dir(), "other");
    temp.write("a", "new");
    temp.write("other/b", "old");
    rename_at(temp.dir(), "a", other, "b");
    CHECK(temp.read("a") == "(missing)");
    CHECK(temp.read("other/b") == "new");
    const Failure failure = failure_of([&] { rename_at(temp.dir(), "none", other, "b"); });
    CHECK(failure.code == Exit::cant_create);
    CHECK(failure.names(temp.path("other/b")));
    CHECK(temp.read("other/b") == "new");
}

TEST_CASE("renaming to a new name gives false and changes nothing if the name is taken") {
    const TempDir temp;
    temp.write("a", "1");
    temp.write("file", "2");
    REQUIRE(::mkdir(temp.path("dir").c_str(), 0700) == 0);
    REQUIRE(::symlink("nowhere", temp.path("link").c_str()) == 0);
    for (const std::string name : {"file", "dir", "link", "a"}) {
        CAPTURE(name);
        CHECK_FALSE(rename_new_at(temp.dir(), "a", temp.dir(), name));
        CHECK(temp.read("a") == "1");
    }
    CHECK(temp.read("file") == "2");
    CHECK(rename_new_at(temp.dir(), "a", temp.dir(), "b"));
    CHECK(temp.read("a") == "(missing)");
    CHECK(temp.read("b") == "1");
    CHECK(rename_new_at(temp.dir(), "dir", temp.dir(), "dir2"));
    CHECK(code_of([&] { (void)rename_new_at(temp.dir(), "none", temp.dir(), "c"); }) ==
          Exit::cant_create);
}

TEST_CASE("removing a file that is missing is no error, removing a directory this way is one") {
    const TempDir temp;
    temp.write("file", "x");
    unlink_at(temp.dir(), "file");
    CHECK_FALSE(exists_at(temp.dir(), "file"));
    unlink_at(temp.dir(), "file");
    REQUIRE(::mkdir(temp.path("dir").c_str(), 0700) == 0);
    CHECK(code_of([&] { unlink_at(temp.dir(), "dir"); }) == Exit::io);
    CHECK(exists_at(temp.dir(), "dir"));
}

TEST_CASE("a tree is removed whole, and nothing that its links point to") {
    const TempDir temp;
    REQUIRE(::mkdir(temp.path("outside").c_str(), 0700) == 0);
    temp.write("outside/kept", "1");
    temp.write("kept", "2");
    std::filesystem::create_directories(temp.path("tree/a/b/c/d"));
    for (const std::string name : {"tree/x", "tree/a/x", "tree/a/b/c/d/x", "tree/.hidden", "tree/\xff"})
        temp.write(name, "x");
    REQUIRE(::symlink("../outside", temp.path("tree/to-dir").c_str()) == 0);
    REQUIRE(::symlink("../kept", temp.path("tree/to-file").c_str()) == 0);
    REQUIRE(::symlink("nowhere", temp.path("tree/dangling").c_str()) == 0);
    REQUIRE(::symlink("..", temp.path("tree/a/up").c_str()) == 0);
    REQUIRE(::link(temp.path("kept").c_str(), temp.path("tree/hard").c_str()) == 0);
    REQUIRE(::mkfifo(temp.path("tree/fifo").c_str(), 0600) == 0);
    remove_tree_at(temp.dir(), "tree");
    CHECK_FALSE(exists_at(temp.dir(), "tree"));
    CHECK(temp.read("outside/kept") == "1");
    CHECK(temp.read("kept") == "2");
}

TEST_CASE("whatever has the name is removed, and a missing name is no error") {
    const TempDir temp;
    remove_tree_at(temp.dir(), "none");
    temp.write("file", "x");
    remove_tree_at(temp.dir(), "file");
    CHECK_FALSE(exists_at(temp.dir(), "file"));
    REQUIRE(::mkdir(temp.path("outside").c_str(), 0700) == 0);
    temp.write("outside/kept", "1");
    REQUIRE(::symlink("outside", temp.path("link").c_str()) == 0);
    remove_tree_at(temp.dir(), "link");
    CHECK_FALSE(exists_at(temp.dir(), "link"));
    CHECK(temp.read("outside/kept") == "1");
}

TEST_CASE("a tree as deep as a manifest may be is removed") {
    const TempDir temp;
    Dir at = make_dir_at(temp.dir(), "d");
    for (int i = 0; i < 511; ++i) at = make_dir_at(at, "d");
    write_file_atomic(at, "file", as_bytes("x"));
    at = {};
    remove_tree_at(temp.dir(), "d");
    CHECK_FALSE(exists_at(temp.dir(), "d"));
}

TEST_CASE("directories without any permission are removed by their owner") {
    const TempDir temp;
    const int status = run_child([&] {
        ::umask(0);
        if (::fchmod(temp.dir().get(), 0777) != 0 || !drop_privileges()) return 2;
        for (const mode_t mode : {0000U, 0100U, 0200U, 0300U, 0400U, 0500U, 0600U, 0700U}) {
            const std::string name = cat("tree", mode);
            Dir tree = make_dir_at(temp.dir(), name);
            Dir inner = make_dir_at(tree, "inner");
            write_file_atomic(inner, "file", as_bytes("x"), 0);
            const Dir empty = make_dir_at(inner, "empty");
            for (const int d : {empty.get(), inner.get(), tree.get()})
                if (::fchmod(d, mode) != 0) return 3;
            remove_tree_at(temp.dir(), name);
            if (exists_at(temp.dir(), name)) return 4;
        }
        return 0;
    });
    CHECK(status == 0);
}

TEST_CASE("a tree that is not ours is left with exit 74") {
    if (::geteuid() != 0) {
        MESSAGE("skipped: needs root to make a directory of somebody else");
        return;
    }
    const TempDir temp;
    REQUIRE(::fchmod(temp.dir().get(), 0755) == 0);
    REQUIRE(::mkdir(temp.path("theirs").c_str(), 0755) == 0);
    temp.write("theirs/file", "x");
    const int status = run_child([&] {
        if (!drop_privileges()) return 2;
        return code_of([&] { remove_tree_at(temp.dir(), "theirs"); }) == Exit::io ? 0 : 1;
    });
    CHECK(status == 0);
    CHECK(temp.read("theirs/file") == "x");
}

TEST_CASE("an atomic write creates the file with its mode and replaces an old one") {
    const TempDir temp;
    const mode_t old = ::umask(027);
    write_file_atomic(temp.dir(), "a", as_bytes("one"));
    write_file_atomic(temp.dir(), "b", as_bytes("two"), 0666);
    ::umask(old);
    CHECK(temp.read("a") == "one");
    CHECK(mode_of(temp, "a") == 0600);
    CHECK(mode_of(temp, "b") == 0640);
    write_file_atomic(temp.dir(), "a", as_bytes("a longer text than before"));
    CHECK(temp.read("a") == "a longer text than before");
    write_file_atomic(temp.dir(), "a", {});
    CHECK(temp.read("a") == "");
    CHECK(list_dir(temp.dir()) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("an atomic write replaces a symbolic link and does not write through it") {
    const TempDir temp;
    temp.write("kept", "1");
    REQUIRE(::symlink("kept", temp.path("link").c_str()) == 0);
    write_file_atomic(temp.dir(), "link", as_bytes("2"));
    CHECK(temp.read("kept") == "1");
    CHECK(temp.read("link") == "2");
}

TEST_CASE("whoever has the old file open goes on reading the old bytes") {
    const TempDir temp;
    write_file_atomic(temp.dir(), "file", as_bytes("old"));
    const Fd reader = open_at(temp.dir(), "file");
    write_file_atomic(temp.dir(), "file", as_bytes("new"));
    CHECK(as_text(read_file(reader.get(), 10, "file")) == "old");
    CHECK(temp.read("file") == "new");
}

TEST_CASE("after an atomic write that failed half-way the old file is there and nothing else") {
    const TempDir temp;
    temp.write("file", "old");
    // A limit on the size of files makes the write fail after its first bytes.
    const int status = run_child([&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{1000, 1000};
        if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return 2;
        const Failure failure = failure_of(
            [&] { write_file_atomic(temp.dir(), "file", Buffer(5000, std::byte{1})); });
        return failure.code == Exit::io && failure.names(temp.path("file")) ? 0 : 1;
    });
    CHECK(status == 0);
    CHECK(temp.read("file") == "old");
    CHECK(list_dir(temp.dir()) == std::vector<std::string>{"file"});
}

TEST_CASE("an atomic write over a directory fails and leaves nothing behind") {
    const TempDir temp;
    REQUIRE(::mkdir(temp.path("name").c_str(), 0700) == 0);
    CHECK(code_of([&] { write_file_atomic(temp.dir(), "name", as_bytes("x")); }) ==
          Exit::cant_create);
    CHECK(list_dir(temp.dir()) == std::vector<std::string>{"name"});
}

TEST_CASE("an atomic write where nothing may be created is exit 73") {
    const TempDir temp;
    const int status = run_child([&] {
        if (::fchmod(temp.dir().get(), 0555) != 0 || !drop_privileges()) return 2;
        return code_of([&] { write_file_atomic(temp.dir(), "x", as_bytes("x")); }) ==
                       Exit::cant_create
                   ? 0
                   : 1;
    });
    CHECK(status == 0);
    CHECK(list_dir(temp.dir()).empty());
    REQUIRE(::fchmod(temp.dir().get(), 0700) == 0);
}

TEST_CASE("on a full file system the old file survives an atomic write, and so it does on a read-only one") {
    const TempDir temp;
    REQUIRE(::mkdir(temp.path("mount").c_str(), 0700) == 0);
    // In a child with mounts of its own; both go away with it.
    const int status = run_child([&] {
        const std::string where = temp.path("mount");
        if (::unshare(CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("rs-unit", where.c_str(), "tmpfs", 0, "size=64k") != 0)
            return 77;
        const Dir dir = open_dir(where);
        write_file_atomic(dir, "file", as_bytes("old"));
        const auto old_is_there = [&] {
            return as_text(read_file_at(dir, "file", 100)) == "old" && list_dir(dir).size() == 1;
        };
        const Failure full = failure_of(
            [&] { write_file_atomic(dir, "file", Buffer(1 << 20, std::byte{1})); });
        if (full.code != Exit::io || full.hint.empty()) return 1;
        if (!old_is_there()) return 2;
        if (::mount(nullptr, where.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return 3;
        const Failure read_only =
            failure_of([&] { write_file_atomic(dir, "file", as_bytes("new")); });
        if (read_only.code != Exit::io || !read_only.hint.empty()) return 4;
        return old_is_there() ? 0 : 5;
    });
    if (status == 77) {
        MESSAGE("skipped: may not mount a tmpfs here");
        return;
    }
    CHECK(status == 0);
}

TEST_CASE("random names have the prefix and 16 digits, and do not repeat") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string name = random_name(".tmp-");
        REQUIRE(name.size() == 5 + 16);
        REQUIRE(name.substr(0, 5) == ".tmp-");
        REQUIRE(name.find_first_not_of("0123456789abcdef", 5) == std::string::npos);
        seen.insert(name);
    }
    CHECK(seen.size() == 1000);
}

TEST_CASE("random bytes fill the whole span and no more") {
    for (const std::size_t size : {0U, 1U, 7U, 300U, 100'000U}) {
        CAPTURE(size);
        Buffer out(size + 8, std::byte{0});
        random_bytes(MutableSpan(out).first(size));
        CHECK(all_zero(ByteSpan(out).last(8)));
        // 16 bytes in a row that are all zero have a chance of 2^-128.
        for (std::size_t at = 0; at + 16 <= size; at += 16)
            REQUIRE_FALSE(all_zero(ByteSpan(out).subspan(at, 16)));
    }
}
