// SPDX-License-Identifier: Apache-2.0
#include "instance/installer.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::instance;
using rs::test::TempDir;

namespace {

// What was done, such as "+etc ~etc/x".
std::string install(const Plan& plan) {
    Installer installer(plan);
    std::string planned, done;
    for (const Change& c : installer.changes()) planned += cat(planned.empty() ? "" : " ", static_cast<char>(c.what), c.path);
    installer.install([&](const Change& c) { done += cat(done.empty() ? "" : " ", static_cast<char>(c.what), c.path); });
    CHECK(planned == done);
    CHECK(installer.changes().empty());
    return done;
}

std::string content(const std::string& path) { return std::string(as_text(io::read_file(io::open_file(path).get(), 1 << 20, path))); }
mode_t mode(const std::string& path) {
    struct stat st{};
    REQUIRE(::lstat(path.c_str(), &st) == 0);
    return st.st_mode & 07777;
}
bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

} // namespace

TEST_CASE("a tree becomes what the plan says; the next time only what differs changes") {
    const TempDir temp;
    const std::string root = temp.path();
    Plan plan(root);
    plan.file("a", "etc/a", "1", 0644);
    plan.file("b", "bin/b", "#!/bin/sh\n", 0700);
    plan.link("c", "bin/c", "b");
    plan.directory("d", "srv/backup", 0750);
    CHECK(install(plan) == "+bin +bin/b +bin/c +etc +etc/a +srv +srv/backup");
    CHECK(content(root + "/etc/a") == "1");
    CHECK(mode(root + "/etc/a") == 0644);
    CHECK(mode(root + "/bin/b") == 0700);
    CHECK(mode(root + "/srv/backup") == 0750);
    CHECK(mode(root + "/etc") == 0700);
    CHECK(install(plan).empty());

    Plan next(root);
    next.file("a", "etc/a", "2", 0644);
    next.file("b", "bin/b", "#!/bin/sh\n", 0755);
    next.link("c", "bin/c", "x");
    CHECK(install(next) == "~bin/b ~bin/c ~etc/a");
    CHECK(mode(root + "/bin/b") == 0755);
    CHECK(content(root + "/etc/a") == "2");
    CHECK(exists(root + "/srv/backup")); // data is never removed
}

TEST_CASE("what is not asked for any more goes; what is someone else's stays") {
    const TempDir temp;
    const std::string root = temp.path();
    Plan plan(root), less(root);
    plan.file("a", "etc/x/a", "1");
    plan.file("b", "etc/y/b", "1");
    plan.link("c", "var/c", "a");
    less.directory("d", "var");
    static_cast<void>(install(plan));
    io::write_file_atomic(io::open_dir(root + "/etc/y"), "own", as_bytes("own"));
    CHECK(install(less) == "-var/c -etc/y/b -etc/x/a -etc/x");
    CHECK(exists(root + "/etc/y/own"));
    CHECK(install(less).empty());
    ::unlink((root + "/etc/y/own").c_str());
    CHECK(install(less).empty()); // the directory was left to its new owner, and is not remembered
}

TEST_CASE("what is in the way is an error, and nothing is changed") {
    const TempDir temp;
    const std::string root = temp.path();
    REQUIRE(::mkdir((root + "/a").c_str(), 0700) == 0);
    io::write_file_atomic(io::open_dir(root), "b", as_bytes("own"));
    Plan file(root), directory(root), below(root);
    file.file("p", "a", "1");
    directory.directory("p", "b");
    below.file("p", "b/c", "1");
    Plan differs(root);
    differs.file("p", "b", "1");
    for (const Plan* const plan : {&file, &directory, &below, &differs}) {
        Installer installer(*plan);
        CHECK_THROWS_AS(installer.install([](const Change&) {}), Error);
    }
    CHECK(content(root + "/b") == "own");
    CHECK_FALSE(exists(root + "/" + record_name));
}

TEST_CASE("a file of someone's that is where one of ours goes is left alone, or adopted if it is the same") {
    const TempDir temp;
    const std::string root = temp.path();
    temp.write("a", "own");
    Plan plan(root), same(root), link(root);
    plan.file("p", "a", "1");
    same.file("p", "a", "own");
    link.link("p", "a", "x");
    CHECK_THROWS_AS(install(plan), Error);
    CHECK(temp.read("a") == "own");
    CHECK(install(same).empty());
    CHECK(install(plan) == "~a"); // it is ours now
    CHECK(install(link) == "~a");
    CHECK(install(same) == "~a");
    CHECK(temp.read("a") == "own");
}

TEST_CASE("two at once: the second one is told") {
    const TempDir temp;
    Plan plan(temp.path());
    const Installer first(plan);
    try {
        const Installer second(plan);
        FAIL("both hold the lock");
    } catch (const Error& e) {
        CHECK(e.code() == Exit::temp_fail);
    }
}

TEST_CASE("srv may be a link to another disk, if it is our own") {
    const TempDir temp, disk;
    const std::string root = temp.path();
    REQUIRE(::symlink(disk.path().c_str(), (root + "/srv").c_str()) == 0);
    Plan plan(root);
    plan.directory("p", "srv/backup");
    CHECK(install(plan) == "+srv/backup");
    CHECK(exists(disk.path() + "/backup"));
}

TEST_CASE("a record that is damaged, or speaks of what is outside, removes nothing") {
    const TempDir temp;
    const std::string root = temp.path();
    for (const char* const text : {"", "{", "{\"version\":2,\"entries\":{}}", "{\"version\":1}", "{\"version\":1,\"entries\":{\"../x\":\"file\"}}",
                                   "{\"version\":1,\"entries\":{\"x\":\"what\"}}", "{\"version\":1,\"entries\":[]}"}) {
        CAPTURE(text);
        io::write_file_atomic(io::open_dir(root), record_name, as_bytes(text));
        Plan plan(root);
        CHECK_THROWS_AS(Installer{plan}, Error);
    }
}
