// SPDX-License-Identifier: Apache-2.0
#include "sla/placement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "base/error.hpp"
#include "base/text.hpp"

using namespace rs;
using namespace rs::sla;

namespace {

// "key=value key=value"
Parameters given(const std::string& text) {
    Parameters out;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const std::size_t equals = word.find('=');
        out.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
    return out;
}

std::string shown(const std::map<std::string, std::string>& values) {
    std::string out;
    for (const auto& [key, value] : values) out += cat(out.empty() ? "" : " ", key, "=", value);
    return out;
}

std::string shown(const std::vector<std::string>& ids) {
    std::string out;
    for (const std::string& id : ids) out += cat(out.empty() ? "" : " ", id);
    return out;
}

constexpr const char* seed = "-sla-1-computer_guid=COMP-GRP1 -sla-pbs1-computer_guid=COMP-PBS1 -sla-2-computer_guid=COMP-GROUP2 "
                             "-sla-runner2-computer_guid=COMP-RUN2 -sla-2-network_guid=NET-2 -sla-runner0-computer_guid=COMP-RUN0";

} // namespace

TEST_CASE("a request gets what names it, then what names its id") {
    struct Row {
        const char* parameters;
        const char* base;
        std::uint64_t id;
        const char* want;
    };
    static constexpr Row rows[] = {
        {seed, "runner", 0, "computer_guid=COMP-RUN0"},
        {seed, "runner", 1, "computer_guid=COMP-GRP1"},
        {seed, "runner", 2, "computer_guid=COMP-RUN2 network_guid=NET-2"},
        {seed, "pbs", 1, "computer_guid=COMP-PBS1"},
        {seed, "pbs", 2, "computer_guid=COMP-GROUP2 network_guid=NET-2"},
        {seed, "runner", 3, "mode=unique_by_network"},
        {"", "n", 0, "mode=unique_by_network"},
        {"-sla-1-x=g -sla-n1-x=m", "n", 1, "x=m"},
        {"-sla-n1-x=m -sla-1-x=g", "n", 1, "x=m"},
        {"-sla-n1-a=1 -sla-1-b=2", "n", 1, "a=1 b=2"},
        {"-sla-1-x=1", "n", 10, "mode=unique_by_network"},
        {"-sla-10-x=1", "n", 1, "mode=unique_by_network"},
        {"-sla-n1-x=1", "n", 10, "mode=unique_by_network"},
        {"-sla-pbs1-x=1", "pbs", 10, "mode=unique_by_network"},
        {"-sla-1-computer-guid=C", "n", 1, "computer-guid=C"},
        {"-sla-0-x=leader", "n", 0, "x=leader"},
        {"-sla-1-x=", "n", 1, "x="},
        {"-sla-1-=nothing", "n", 1, "mode=unique_by_network"},
        {"-sla-1=nothing", "n", 1, "mode=unique_by_network"},
        {"sla-1-x=1 x=2", "n", 1, "mode=unique_by_network"},
        {"-sla-my-app0-x=1", "my-app", 0, "x=1"},
        {"-sla-1-x1-y=main", "1-x", 1, "y=main"}, // starts with the group's prefix, too
    };
    for (const Row& row : rows) {
        CAPTURE(row.parameters);
        CAPTURE(cat(row.base, row.id));
        CHECK(shown(placement_of(given(row.parameters), {row.base, row.id})) == row.want);
        Parameters turned = given(row.parameters);
        std::reverse(turned.begin(), turned.end());
        CHECK(shown(placement_of(turned, {row.base, row.id})) == row.want);
    }
}

TEST_CASE("numbers become text, what has parts is refused") {
    CHECK(shown(placement_of({{"-sla-1-a", 7}, {"-sla-1-b", true}, {"-sla-1-c", nullptr}}, {"n", 1})) == "a=7 b=true c=null");
    CHECK_THROWS_AS(static_cast<void>(placement_of({{"-sla-1-a", Json::array({1})}}, {"n", 1})), Error);
    CHECK_THROWS_AS(static_cast<void>(placement_of({{"-sla-n1-a", Json::object()}}, {"n", 1})), Error);
    CHECK_NOTHROW(static_cast<void>(placement_of({{"-sla-2-a", Json::array({1})}}, {"n", 1}))); // another one's
}

TEST_CASE("a service of three has a leader, two clones and two backup servers") {
    std::string names;
    for (const Request& r : requests_of("Name", 3)) names += cat(r.name(), " ");
    CHECK(names == "Name0 Name1 Name2 pbs1 pbs2 ");
    CHECK(requests_of("Name", 1).size() == 1);
    Request r;
    CHECK(split_name("Name12", 12, r));
    CHECK(r.base == "Name");
    CHECK(split_name("Name12", 2, r)); // Name1 and 2: only the caller can know
    CHECK(r.base == "Name1");
    CHECK_FALSE(split_name("Name12", 1, r));
    CHECK_FALSE(split_name("12", 12, r));
}

TEST_CASE("parameters for nobody are named") {
    const auto p = given("-sla-1-a=1 -sla-3-a=1 -sla-n2-a=1 -sla-n3-a=1 -sla-pbs1-a=1 -sla-pbs3-a=1 -sla-foo-bar=1 -sla-=1 -sla-1-=1 x=1");
    CHECK(shown(unused(p, requests_of("n", 3))) == "-sla-3-a -sla-n3-a -sla-pbs3-a -sla-foo-bar -sla- -sla-1-");
    CHECK(shown(unknown(p, "n")) == "-sla-foo-bar -sla- -sla-1-");
    CHECK(shown(unknown(p, "m")) == "-sla-n2-a -sla-n3-a -sla-foo-bar -sla- -sla-1-");
    CHECK(without_placement(p).size() == 1);
}
