// SPDX-License-Identifier: Apache-2.0
#include "base/ssh_url.hpp"

#include <doctest/doctest.h>

using namespace rs;

TEST_CASE("an address of ssh is its user, host and port") {
    struct Row {
        const char *text, *user, *host, *port;
    };
    for (const Row& row : {Row{"ssh://h", "", "h", ""}, {"ssh://u@h/", "u", "h", ""}, {"ssh://u@h:22/x", "u", "h", "22"},
                           {"ssh://u@[::1]:2222/", "u", "::1", "2222"}, {"ssh://[fe80::1%eth0]", "", "fe80::1%eth0", ""},
                           {"ssh://a.b_c-d@10.0.0.1:065", "a.b_c-d", "10.0.0.1", "65"}}) {
        CAPTURE(row.text);
        const auto url = parse_ssh_url(row.text);
        REQUIRE(url);
        CHECK(url->user == row.user);
        CHECK(url->host == row.host);
        CHECK(url->port == row.port);
    }
    CHECK(parse_ssh_url("ssh://u@[::1]:1/")->destination() == "u@::1");
    CHECK(parse_ssh_url("ssh://h")->destination() == "h");
}

TEST_CASE("what ssh or a shell could take for something else is no address") {
    for (const char* bad : {"", "h", "http://h/", "ssh:/h", "ssh://", "ssh:///", "ssh://-oProxyCommand=x/", "ssh://u@-x/", "ssh://-u@h/", "ssh://@h/",
                            "ssh://a b/", "ssh://$x/", "ssh://h\n/", "ssh://h;x/", "ssh://[::1/", "ssh://[]/", "ssh://[::1]x/", "ssh://::1/", "ssh://h:/",
                            "ssh://h:0/", "ssh://h:65536/", "ssh://h:-1/", "ssh://h:x/", "ssh://u@v@h/"})
        CHECK_FALSE_MESSAGE(parse_ssh_url(bad), bad);
}
