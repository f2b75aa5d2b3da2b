// SPDX-License-Identifier: Apache-2.0
#include "elect/config.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/text.hpp"

using namespace rs;
using namespace rs::elect;

namespace {

constexpr std::string_view least = "instance Name1\nnumber 1\nstate /s\n";

Config config_of(std::string_view more) {
    return parse_config(cat(least, more), "/i", "/i/etc/failover");
}

} // namespace

TEST_CASE("a configuration says who is of the set, and how long what may take") {
    const Config c = config_of("# of a test\n\n  line  wiki \nlease 30\npeer 0 Name0\npeer\t2   "
                               "Name2\nserver b1\nserver b2\n"
                               "automatic no\ncoordinator /c\ncoordinate /p");
    CHECK(c.line == "wiki");
    CHECK(c.instance == "Name1");
    CHECK(c.number == 1);
    CHECK(c.observers() == 3);
    REQUIRE(c.peer("Name2") != nullptr);
    CHECK(c.peer("Name2")->number == 2);
    CHECK(c.peer("Name1") == nullptr);
    const failover::Settings s = settings_of(c);
    CHECK(s.lease == std::chrono::seconds(30));
    CHECK(s.observers == 3);
    CHECK_FALSE(s.automatic);
}

TEST_CASE(
    "whatever the lease is, half of it is enough for a yes and another one that is given up") {
    for (const int lease : {2, 3, 5, 15, 30, 86'400}) {
        CAPTURE(lease);
        const failover::Settings s = settings_of(config_of(cat("lease ", lease, "\n")));
        CHECK(s.renew + s.retry <= s.lease / 2);
        CHECK(s.retry >= s.renew);
        CHECK(s.bid_wait <= failover::Time(3000));
    }
}

TEST_CASE("words of others who read the same file are left to them") {
    CHECK(config_of("namebase wiki\nkind import\nrole b\nname x\nprofile /p\nstack /k\nlock "
                    "/l\ngeneration /g\nbackup /b\nhold /h\n")
              .number == 1);
}

TEST_CASE("without a coordinator nothing is automatic") {
    CHECK_FALSE(settings_of(config_of("")).automatic);
    CHECK(settings_of(config_of("line w\ncoordinator /c\ncoordinate /p\n")).automatic);
}

TEST_CASE("what is wrong in a configuration is told with its line") {
    const struct {
        const char* more;
        const char* begin;
    } rows[] = {
        {"colour red\n", "/i/etc/failover:4: colour: no such word"},
        {"number 2\n", "/i/etc/failover:4: number: is there twice"},
        {"\nlease 1\n", "/i/etc/failover:5: lease: is a number from 2 to 86400, not '1'"},
        {"log x\n", "/i/etc/failover:4: log: is no absolute path"},
        {"first maybe\n", "/i/etc/failover:4: first: is yes or no, not 'maybe'"},
        {"peer 2\n", "/i/etc/failover:4: peer: has a number and a name"},
        {"peer 2 a;b\n", "/i/etc/failover:4: peer: 'a;b' is no word"},
        {"server -x\n", "/i/etc/failover:4: server: '-x' is no word"},
        {"probe\n", "/i/etc/failover:4: probe: has no value"},
        {"peer 1 Name2\n", "/i/etc/failover:4: peer 1 Name2: its number or name is there twice"},
    };
    for (const auto& row : rows) {
        CAPTURE(row.more);
        try {
            static_cast<void>(config_of(row.more));
            FAIL("taken");
        } catch (const Error& e) {
            CHECK(e.code() == Exit::config);
            CHECK(std::string(e.what()).starts_with(row.begin));
        }
    }
}

TEST_CASE("seven observe at most, and this instance is one of them") {
    std::string servers;
    for (int i = 0; i < 6; ++i) servers += cat("server b", i, "\n");
    CHECK(config_of(servers).observers() == 7);
    CHECK(config_of(servers + "server b6\n").observers() == 7);
}
