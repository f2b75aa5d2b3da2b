// SPDX-License-Identifier: Apache-2.0
#include "instance/plan.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace rs;
using namespace rs::instance;

namespace {

template <class F>
std::string error_of(F&& f) {
    Plan plan("/i");
    plan.directory("d", "/i/bin", 0755);
    plan.file("f", "/i/etc/a", "1");
    try {
        f(plan);
    } catch (const Error& e) {
        CHECK(e.code() == Exit::config);
        return e.what();
    }
    return {};
}

} // namespace

TEST_CASE("paths are inside of the instance, from its root or from /") {
    Plan plan("/i");
    plan.file("p", "/i//etc/./x", "1", 0644);
    plan.link("p", "bin/y", "../etc/x");
    REQUIRE(plan.entries().size() == 4);
    CHECK(plan.entries().at("etc/x").mode == 0644);
    CHECK(plan.entries().at("bin").kind == Kind::directory);
    CHECK(plan.any_mode("bin"));
    plan.directory("p", "bin");
    CHECK(plan.any_mode("bin"));
    plan.directory("q", "bin", 0755);
    CHECK_FALSE(plan.any_mode("bin"));
    plan.directory("r", "bin");
    CHECK_FALSE(plan.any_mode("bin"));
    CHECK(plan.entries().at("bin").mode == 0755);
}

TEST_CASE("what leads out, meets another part or lies among the data is refused") {
    CHECK(error_of([](Plan& p) { p.file("x", "/j/a", ""); }) == "[x]: /j/a: not inside of the instance, /i");
    CHECK(error_of([](Plan& p) { p.file("x", "/ij/a", ""); }) == "[x]: /ij/a: not inside of the instance, /i");
    CHECK(error_of([](Plan& p) { p.file("x", "etc/../../a", ""); }) == "[x]: etc/../../a: a path of an instance has no .. and no NUL in it");
    CHECK(error_of([](Plan& p) { p.directory("x", "/i", 0700); }) == "[x]: '/i': this is the instance itself, or nothing");
    CHECK(error_of([](Plan& p) { p.file("x", "srv/a", ""); }) == "[x]: srv/a: below srv is data: directories alone are made there");
    CHECK(error_of([](Plan& p) { p.file("x", "etc/a", "2"); }) == "[x]: etc/a: [f] asks for it too, as another one");
    CHECK(error_of([](Plan& p) { p.file("x", "bin", "2"); }) == "[x]: bin: [d] asks for it too, as a directory");
    CHECK(error_of([](Plan& p) { p.file("x", "etc/a/b", "2"); }) == "[x]: etc/a/b: etc/a is a file of [f]");
    CHECK(error_of([](Plan& p) { p.directory("x", "bin", 0700); }) == "[x]: bin: [d] asks for it too, as another one");
    CHECK(error_of([](Plan& p) { p.file("x", "etc/a", "1"); }).empty()); // the same twice
    CHECK(error_of([](Plan& p) { p.directory("x", "srv/backup/n", 0700); }).empty());
}
