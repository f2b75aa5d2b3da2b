// SPDX-License-Identifier: Apache-2.0
#include "notify/transport.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "notify/job.hpp"
#include "notify/listener.hpp"
#include "notify/spool.hpp"
#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::notify;
using namespace std::chrono_literals;

namespace {

Notification of(std::uint64_t counter) { return {"C1", "wiki", {1, counter}, ""}; }
std::string text_of(std::uint64_t counter) { return format_notification(of(counter), nullptr); }

Exit told(const std::string& target, const std::string& text, std::chrono::seconds limit = 60s) {
    TransportOptions o;
    o.timeout = limit;
    return failure_of([&] { deliver(target, text, o); }).code;
}

bool is_target(const std::string& target) {
    return failure_of([&] { check_target(target); }).code == Exit::ok;
}

Queue queue_in(const TempDir& temp) {
    Queue queue = Queue::open(temp.path() + "/q");
    REQUIRE(::mkdir(temp.path("q/callbacks").c_str(), 0700) == 0);
    temp.write("q/callbacks/C1:wiki", "/bin/pull\n");
    return queue;
}

} // namespace

TEST_CASE("targets are what they say, and nothing that ssh or a shell would take for something else") {
    for (const char* good : {"ssh://h/", "ssh://u@h", "ssh://u@h:22/", "ssh://[::1]:2222/", "ssh://10.0.0.1:22200/x", "exec:/bin/true",
                             "exec:sh -c 'cat >x'", "unix:/run/s", "queue:/q"})
        CHECK_MESSAGE(is_target(good), good);
    for (const char* bad : {"", "h", "http://h/", "ssh://", "ssh:///", "ssh://-oProxyCommand=x/", "ssh://u@-x/", "ssh://-u@h/", "ssh://h:0/",
                            "ssh://h:65536/", "ssh://h:x/", "ssh://@h/", "ssh://a b/", "ssh://$x/", "ssh://[::1/", "exec:", "exec:'x", "unix:", "queue:"})
        CHECK_FALSE_MESSAGE(is_target(bad), bad);
}

TEST_CASE("a program gets it on standard input, and its status is the answer") {
    const TempDir temp;
    CHECK(told("exec:sh -c 'cat >" + temp.path() + "/got'", text_of(1)) == Exit::ok);
    CHECK(temp.read("got") == text_of(1));
    CHECK(told("exec:true", text_of(1)) == Exit::ok); // it need not read it
    CHECK(told("exec:sh -c 'exit 65'", text_of(1)) == Exit::data);
    CHECK(told("exec:sh -c 'exit 1'", text_of(1)) == Exit::unavailable);
    CHECK(told("exec:/nonexistent", text_of(1)) == Exit::unavailable);
    CHECK(told("exec:sleep 100", text_of(1), 1s) == Exit::unavailable);
}

TEST_CASE("a queue on this machine takes it by its own callbacks") {
    const TempDir temp;
    const Queue queue = queue_in(temp);
    CHECK(told("queue:" + temp.path() + "/q", text_of(1)) == Exit::ok);
    REQUIRE(queue.items().size() == 1);
    CHECK(queue.items()[0].program == "/bin/pull");
    CHECK(told("queue:" + temp.path() + "/q", format_notification({"C2", "wiki", {1, 1}, ""}, nullptr)) == Exit::data);
}

TEST_CASE("a socket is answered, and what is not delivered is not taken for delivered") {
    const TempDir temp;
    Queue queue = queue_in(temp);
    const std::string path = temp.path() + "/s";
    CHECK(told("unix:" + path, text_of(1)) == Exit::unavailable);
    temp.write("s", "not a socket");
    CHECK_THROWS_AS(Listener{path}, Error);
    REQUIRE(::unlink(path.c_str()) == 0);
    Listener listener(path);
    const auto serve = [&] {
        static_cast<void>(wait_readable({listener.fd()}, Clock::now() + 10s));
        listener.serve(queue, {});
    };
    {
        std::jthread server(serve);
        CHECK(told("unix:" + path, text_of(1)) == Exit::ok);
    }
    CHECK(queue.items().size() == 1);
    {
        std::jthread server(serve);
        CHECK(told("unix:" + path, "garbage") == Exit::data);
    }
    struct stat st {};
    REQUIRE(::stat(path.c_str(), &st) == 0);
    CHECK((st.st_mode & 0777) == 0600);
}

TEST_CASE("what could not be delivered waits, the newest of each id, until it could") {
    const TempDir temp;
    const std::string target = "exec:sh -c 'test -e " + temp.path("up") + " && cat >>" + temp.path("got") + "'";
    Spool spool = Spool::open(temp.path() + "/spool");
    const auto send = [&](std::uint64_t counter, const std::vector<std::string>& targets) {
        return send_to_all(targets, of(counter), text_of(counter), {}, &spool).size();
    };
    // Each target is tried, whatever became of the one before it.
    CHECK(send(1, {target, "exec:true", "exec:sh -c 'exit 65'"}) == 2);
    REQUIRE(spool.entries().size() == 1); // what was refused is not kept
    CHECK(spool.entries()[0].target == target);
    // Its time is that of the first failure.
    const std::string file = temp.path("spool/" + spool.entries()[0].file);
    const timespec long_ago[2] = {{1000, 0}, {1000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, file.c_str(), long_ago, 0) == 0);
    CHECK(send(3, {target}) == 1);
    CHECK(send(2, {target}) == 1); // late, and older
    REQUIRE(spool.entries().size() == 1);
    CHECK(spool.entries()[0].notification == of(3));
    struct stat kept {};
    REQUIRE(::stat(file.c_str(), &kept) == 0);
    CHECK(kept.st_mtime == 1000);
    CHECK(send_again(spool, {}).size() == 1);
    temp.write("up", "x");
    CHECK(send_again(spool, {}).empty());
    CHECK(spool.entries().empty());
    CHECK(temp.read("got") == text_of(3));
    temp.write("spool/damaged", "x");
    std::vector<std::string> damaged;
    CHECK(spool.entries(&damaged).empty());
    CHECK(damaged.size() == 1);
}
