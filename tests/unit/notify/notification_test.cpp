// SPDX-License-Identifier: Apache-2.0
#include "notify/notification.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::notify;

namespace {

const std::string digest(64, 'a');

Notification sample() { return {"COMP-1-wiki0", "wiki", {3, 118}, digest}; }

Exit code_of(const std::string& text, const Key* key = nullptr) {
    return failure_of([&] { static_cast<void>(parse_notification(text, key)); }).code;
}

} // namespace

TEST_CASE("what is formatted is what is parsed, with a key and without") {
    const Key key("0123456789abcdef");
    Notification n = sample();
    for (const std::string& d : {digest, std::string()}) {
        n.digest = d;
        CHECK(parse_notification(format_notification(n, nullptr), nullptr) == n);
        CHECK(parse_notification(format_notification(n, &key), &key) == n);
        CHECK(parse_notification(format_notification(n, &key), nullptr) == n);
    }
}

TEST_CASE("the form on the wire is the one that the header states") {
    CHECK(format_notification(sample(), nullptr) ==
          cat("rs-notification 1\nsource COMP-1-wiki0\nname wiki\ngeneration 3.118\ndigest ", digest, "\nmac -\n"));
    // RFC 4231, test case 2: HMAC-SHA-256 of "what do ya want for nothing?" with the key "Jefe".
    CHECK(Key("Jefe").mac("what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("with a key, no changed byte, no cut and nothing behind the end is believed") {
    const Key key("0123456789abcdef"), other("0123456789abcdeg");
    const std::string text = format_notification(sample(), &key);
    for (std::size_t i = 0; i < text.size(); ++i) {
        CAPTURE(i);
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK(code_of(changed, &key) == Exit::data);
        CHECK(code_of(text.substr(0, i), &key) == Exit::data);
    }
    CHECK(code_of(text + "\n", &key) == Exit::data);
    CHECK_THROWS_AS(static_cast<void>(parse_notification(text, &other)), Forged);
    CHECK_THROWS_AS(static_cast<void>(parse_notification(format_notification(sample(), nullptr), &key)), Forged);
}

TEST_CASE("what is no notification is refused") {
    const std::string good = format_notification(sample(), nullptr);
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        return text.replace(at, from.size(), to);
    };
    CHECK(code_of(good) == Exit::ok);
    for (const std::string& bad :
         {std::string(), std::string("rs-notification 1\n"), with("notification 1", "notification 2"), with("wiki0", "../x"),
          with("name wiki", "name "), with("name wiki", "name -x"), with("name wiki", "name wi ki"), with("name wiki\n", ""),
          with("name wiki", "name " + std::string(101, 'x')), with("3.118", "3"), with("3.118", "0.1"), with("3.118", "03.1"),
          with("aaaa", "AAAA"), with("digest a", "digest "), with("mac -", "mac x"), with("mac -\n", "mac -"),
          with("source ", "source\t"), good + std::string(2000, 'x')}) {
        CAPTURE(bad);
        CHECK(code_of(bad) == Exit::data);
    }
}
