// SPDX-License-Identifier: Apache-2.0
#include "notify/queue.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "notify/reception.hpp"
#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::notify;

namespace {

Notification of(std::uint64_t counter, const std::string& name = "wiki", std::uint64_t epoch = 1) {
    return {"C1", name, {epoch, counter}, ""};
}

const std::vector<std::string> one{"/bin/pull"};

Item only(const Queue& queue) {
    const auto items = queue.items();
    REQUIRE(items.size() == 1);
    return items[0];
}

} // namespace

TEST_CASE("only a newer generation is wanted, whatever the order in which they are told") {
    const TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    CHECK(queue.accept(of(5), one) == Answer::accepted);
    CHECK(queue.accept(of(5), one) == Answer::known);
    CHECK(queue.accept(of(4), one) == Answer::known);
    CHECK(queue.accept(of(7), one) == Answer::accepted);
    CHECK(only(queue).wanted == Generation{1, 7});
    CHECK(only(queue).since.seconds > 0);
    CHECK(only(queue).due_since() == only(queue).since);
    CHECK(queue.accept(of(1, "wiki", 2), one) == Answer::accepted); // a later epoch counts from the beginning
    queue.finish(only(queue), 0, std::nullopt);
    CHECK_FALSE(only(queue).wanted);
    CHECK(only(queue).since.seconds == 0);
    CHECK(only(queue).done == Generation{2, 1});
    CHECK(queue.accept(of(1, "wiki", 2), one) == Answer::known);
    CHECK(queue.accept(of(99), one) == Answer::known);
    CHECK(queue.counters().at("accepted") == 3);
    CHECK(queue.counters().at("known") == 4);
}

TEST_CASE("what came while it was done is wanted still, and what failed before is forgotten") {
    const TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    static_cast<void>(queue.accept(of(1), one));
    const Item started = only(queue);
    static_cast<void>(queue.accept(of(2), one));
    SUBCASE("it was done") {
        const Item after = queue.finish(started, 0, std::nullopt);
        CHECK(after.done == Generation{1, 1});
    }
    SUBCASE("it failed for the last time") {
        const Item after = queue.finish(started, 9, std::nullopt);
        CHECK_FALSE(after.given_up);
    }
    CHECK(only(queue).wanted == Generation{1, 2});
    CHECK(only(queue).tries == 0);
    CHECK(only(queue).waiting());
}

TEST_CASE("failures are counted, put off and given up; a new word begins again") {
    const TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    static_cast<void>(queue.accept(of(1), one));
    Item item = queue.finish(only(queue), 69, 100);
    CHECK(item.tries == 1);
    CHECK(item.status == 69);
    const UtcTime now = now_utc();
    CHECK_FALSE(item.due(now, 3600));
    CHECK(item.due({now.seconds + 101, 0}, 3600));
    CHECK(item.due({now.seconds - 10'000, 0}, 3600)); // the clock went back: not before its time for a year
    item = queue.finish(item, 70, std::nullopt);
    CHECK(item.given_up);
    CHECK_FALSE(item.due({now.seconds + 10'000, 0}, 3600));
    SUBCASE("told again") { CHECK(queue.accept(of(1), one) == Answer::accepted); }
    SUBCASE("by hand") { CHECK(queue.retry_all() == 1); }
    SUBCASE("newer") { CHECK(queue.accept(of(2), one) == Answer::accepted); }
    CHECK(only(queue).due(now, 3600));
    CHECK(only(queue).tries == 0);
}

TEST_CASE("each program has an item of its own, and the first told is the first served") {
    const TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    static_cast<void>(queue.accept(of(1, "b"), {"/x/pull", "/x/push"}));
    static_cast<void>(queue.accept(of(1, "a"), one));
    const auto items = queue.items();
    REQUIRE(items.size() == 3);
    CHECK(items[0].key() == "C1:b:pull");
    CHECK(items[1].key() == "C1:b:push");
    CHECK(items[2].key() == "C1:a:pull");
    queue.finish(items[0], 0, std::nullopt);
    CHECK(queue.accept(of(1, "b"), {"/x/pull", "/x/push"}) == Answer::known);
    queue.remove(items[2]);
    CHECK(queue.items().size() == 2);
}

TEST_CASE("a damaged item is named, left alone by the others, and replaced when it is told of again") {
    const TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    static_cast<void>(queue.accept(of(1, "a"), one));
    static_cast<void>(queue.accept(of(1, "b"), one));
    for (const std::string bad : {"", "{", "[]", "{\"program\": 1}", "null"}) {
        CAPTURE(bad);
        temp.write("q/items/C1:a:pull", bad);
        std::vector<std::string> damaged;
        REQUIRE(queue.items(&damaged).size() == 1);
        CHECK(queue.items()[0].name == "b");
        REQUIRE(damaged.size() == 1);
        CHECK(damaged[0].ends_with("/C1:a:pull"));
    }
    CHECK(queue.accept(of(1, "a"), one) == Answer::accepted);
    CHECK(queue.items().size() == 2);
}

TEST_CASE("one works at a time") {
    const TempDir temp;
    const Queue queue = Queue::open(temp.path("q"));
    auto lock = queue.try_work();
    CHECK(lock);
    CHECK_FALSE(queue.try_work());
    lock.reset();
    CHECK(queue.try_work());
}

TEST_CASE("callbacks are absolute paths with words at their end, each once") {
    const TempDir temp;
    CHECK_FALSE(callbacks_of(temp.path(), "C1:wiki"));
    temp.write("C1:wiki", "# who hears\n/bin/a\n\n/b c/d \r\n/e");
    CHECK(callbacks_of(temp.path(), "C1:wiki") == std::vector<std::string>{"/bin/a", "/b c/d", "/e"});
    for (const char* bad : {"bin/a", "/bin/a\n/usr/bin/a", "/bin/a b", "/bin/", "/bin/.a"}) {
        CAPTURE(bad);
        temp.write("C1:wiki", bad);
        CHECK(failure_of([&] { static_cast<void>(callbacks_of(temp.path(), "C1:wiki")); }).code == Exit::config);
    }
}

TEST_CASE("what is forged, foreign or nothing at all is refused and counted, and asks for nothing") {
    const TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    REQUIRE(::mkdir(temp.path("q/callbacks").c_str(), 0700) == 0);
    temp.write("q/callbacks/C1:wiki", "/bin/pull\n");
    const Key key("0123456789abcdef"), other("another key 0123");
    const auto told = [&](const Notification& n, const Key* signer, const Reception& r) {
        return failure_of([&] { static_cast<void>(receive(queue, format_notification(n, signer), r)); }).code;
    };
    CHECK(told(of(1), &other, {&key, "", ""}) == Exit::data);
    CHECK(told(of(1), nullptr, {&key, "", ""}) == Exit::data);
    CHECK(told(of(1, "other"), &key, {&key, "", ""}) == Exit::data);
    CHECK(told(of(1), &key, {&key, "", "", "C2"}) == Exit::data);
    CHECK(failure_of([&] { static_cast<void>(receive(queue, "hello", {})); }).code == Exit::data);
    CHECK(queue.items().empty());
    const auto counters = queue.counters();
    CHECK(counters.at("forged") == 2);
    CHECK(counters.at("foreign") == 2);
    CHECK(counters.at("malformed") == 1);
    CHECK(counters.at("accepted") == 0);
    CHECK(told(of(1), &key, {&key, "", "", "C1"}) == Exit::ok);
    CHECK(told(of(1), &key, {&key, "", "", "C1"}) == Exit::ok); // once more: known
    CHECK(queue.items().size() == 1);
}

TEST_CASE("each source has a key of its own, where there are keys by source") {
    const TempDir temp;
    Queue queue = Queue::open(temp.path("q"));
    for (const char* directory : {"q/callbacks", "keys"}) REQUIRE(::mkdir(temp.path(directory).c_str(), 0700) == 0);
    temp.write("q/callbacks/C1:wiki", "/bin/pull\n");
    temp.write("q/callbacks/C2:wiki", "/bin/pull\n");
    temp.write("keys/C1", "0123456789abcdef\n");
    temp.write("keys/C2", "another key 0123\n");
    const Key one_key("0123456789abcdef");
    const auto told = [&](const std::string& source) {
        const Notification n{source, "wiki", {1, 1}, ""};
        return failure_of([&] { static_cast<void>(receive(queue, format_notification(n, &one_key), {nullptr, temp.path("keys"), "", ""})); }).code;
    };
    CHECK(told("C1") == Exit::ok);
    CHECK(told("C2") == Exit::data);
    CHECK(told("C3") == Exit::data);
    CHECK(queue.counters().at("forged") == 2);
}
