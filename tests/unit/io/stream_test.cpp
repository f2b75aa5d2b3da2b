// SPDX-License-Identifier: Apache-2.0
#include "io/stream.hpp"

#include <doctest/doctest.h>

#include <poll.h>
#include <signal.h>

#include <functional>
#include <thread>

#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::io;

namespace {

struct Pipe {
    Pipe() {
        int ends[2];
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        reader = Fd(ends[0]);
        writer = Fd(ends[1]);
    }
    // Bytes that wait in it to be read.
    [[nodiscard]] bool readable() const {
        pollfd p{reader.get(), POLLIN, 0};
        return ::poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
    }
    Fd reader, writer;
};

Buffer read_all(Source& source, std::size_t piece) {
    Buffer out, part(piece);
    for (;;) {
        const std::size_t n = source.read(part);
        if (n > piece) FAIL("more than was asked for");
        if (n == 0) return out;
        append(out, ByteSpan(part).first(n));
    }
}

double seconds_for(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

TEST_CASE("bytes go through a pipe unchanged, whatever the pieces on both sides") {
    constexpr std::size_t pieces[] = {1, 2, 3, 7, 15, 100, 10'000, 300'000};
    const Buffer bytes = Random(1).bytes(50'000);
    const Buffer large = Random(2).bytes(600'000);
    for (const std::size_t in : pieces)
        for (const std::size_t out : pieces) {
            CAPTURE(in);
            CAPTURE(out);
            const Buffer& sent = in > 1000 ? large : bytes;
            Pipe pipe;
            std::thread writer([&, in] {
                FdSink sink(pipe.writer.get(), "pipe");
                for (std::size_t at = 0; at < sent.size(); at += in)
                    sink.write(ByteSpan(sent).subspan(at, std::min(in, sent.size() - at)));
                sink.flush();
                pipe.writer.abandon();
            });
            FdSource source(pipe.reader.get(), "pipe");
            const Buffer got = read_all(source, out);
            writer.join();
            CHECK(equal(got, sent));
        }
}

TEST_CASE("a source over a pipe gives what is there and does not wait for more") {
    const Pipe pipe;
    FdSource source(pipe.reader.get(), "the pipe");
    CHECK(source.name() == "the pipe");
    Buffer into(100);
    for (const std::string_view text : {"a", "bc", "def"}) {
        write_all(pipe.writer.get(), as_bytes(text), "pipe");
        REQUIRE(source.read(into) == text.size());
        CHECK(as_text(ByteSpan(into).first(text.size())) == text);
    }
}

TEST_CASE("a sink collects small writes until flush and keeps the order of small and large ones") {
    Pipe pipe;
    FdSink sink(pipe.writer.get(), "pipe");
    sink.write(as_bytes("a"));
    sink.write({});
    sink.write(as_bytes("b"));
    CHECK_FALSE(pipe.readable());
    sink.flush();
    CHECK(pipe.readable());
    Buffer two(2);
    CHECK(read_full(pipe.reader.get(), two, "pipe") == 2);
    CHECK(as_text(two) == "ab");
    sink.flush();
    CHECK_FALSE(pipe.readable());
    const Buffer large = Random(3).bytes(256 << 10);
    Buffer got(2 + large.size());
    std::thread reader([&] { (void)read_full(pipe.reader.get(), got, "pipe"); });
    sink.write(as_bytes("<"));
    sink.write(large);
    sink.write(as_bytes(">"));
    sink.flush();
    reader.join();
    CHECK(got.front() == std::byte{'<'});
    CHECK(got.back() == std::byte{'>'});
    CHECK(equal(ByteSpan(got).subspan(1, large.size()), large));
}

TEST_CASE("a sink without flush writes nothing more when it goes: success is said, not assumed") {
    Pipe pipe;
    {
        FdSink sink(pipe.writer.get(), "pipe");
        sink.write(as_bytes("lost"));
    }
    CHECK_FALSE(pipe.readable());
}

TEST_CASE("writing to a pipe whose reader has gone is PipeClosed") {
    const auto old = ::signal(SIGPIPE, SIG_IGN);
    Pipe pipe;
    pipe.reader.abandon();
    FdSink sink(pipe.writer.get(), "pipe");
    sink.write(as_bytes("x"));
    CHECK_THROWS_AS(sink.flush(), PipeClosed);
    CHECK_THROWS_AS(sink.write(Buffer(300 << 10)), PipeClosed);
    ::signal(SIGPIPE, old);
}

TEST_CASE("a failed read or write names what was read or written") {
    const TempDir temp;
    FdSource source(temp.dir().get(), "standard input");
    Buffer into(10);
    const Failure read = failure_of([&] { (void)source.read(into); });
    CHECK(read.code == Exit::io);
    CHECK(read.names("standard input: "));
    const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    REQUIRE(full);
    FdSink sink(full.get(), "standard output");
    sink.write(as_bytes("x"));
    const Failure write = failure_of([&] { sink.flush(); });
    CHECK(write.code == Exit::io);
    CHECK(write.names("standard output: "));
}

TEST_CASE("a pipe is widened to 1 MiB where the kernel lets us, and other descriptors are left alone") {
    const Pipe pipe;
    widen_pipe(pipe.reader.get());
    const int size = ::fcntl(pipe.writer.get(), F_GETPIPE_SZ);
    if (size < (1 << 20)) MESSAGE("the kernel refused a pipe of 1 MiB");
    CHECK(size >= 4096);
    const TempDir temp;
    widen_pipe(temp.dir().get());
    widen_pipe(-1);
    const Pipe small;
    REQUIRE(::fcntl(small.reader.get(), F_SETPIPE_SZ, 4096) >= 4096);
}

TEST_CASE("a buffer is a source of pieces no larger than asked for") {
    const Buffer bytes = Random(4).bytes(1000);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{999}, std::size_t{1000}, SIZE_MAX})
        for (const std::size_t into : {1U, 2U, 7U, 5000U}) {
            CAPTURE(piece);
            CAPTURE(into);
            BufferSource source(bytes, piece);
            CHECK(equal(read_all(source, into), bytes));
            Buffer rest(10);
            CHECK(source.read(rest) == 0);
        }
    CHECK(BufferSource(bytes).name() == "buffer");
    CHECK(BufferSource(bytes, 1, "other").name() == "other");
}

TEST_CASE("an empty buffer is a source that is at its end") {
    BufferSource source({});
    Buffer into(10);
    CHECK(source.read(into) == 0);
}

TEST_CASE("a buffer takes what is written to it") {
    BufferSink sink;
    sink.write(as_bytes("ab"));
    sink.write({});
    sink.write(as_bytes("c"));
    CHECK(as_text(sink.bytes()) == "abc");
    CHECK(as_text(sink.take()) == "abc");
}

TEST_CASE("without a rate nothing is limited") {
    RateLimiter limiter(0);
    CHECK(limiter.piece_bytes() == SIZE_MAX);
    CHECK(seconds_for([&] {
              for (int i = 0; i < 1000; ++i) limiter.acquire(std::size_t{1} << 40);
          }) < 1);
}

TEST_CASE("pieces are an eighth of a second, within what makes sense to write at once") {
    CHECK(RateLimiter(1).piece_bytes() == 512);
    CHECK(RateLimiter(80'000).piece_bytes() == 10'000);
    CHECK(RateLimiter(std::uint64_t{1} << 40).piece_bytes() == 256 << 10);
    CHECK(RateLimiter(UINT64_MAX).piece_bytes() == 256 << 10);
}

TEST_CASE("a rate is kept within a tenth") {
    constexpr std::uint64_t rate = 2'000'000;
    constexpr std::size_t piece = 10'000, count = 60;
    // The first piece goes at once, the others wait for it and for one another.
    constexpr double expected = static_cast<double>(piece * (count - 1)) / static_cast<double>(rate);
    double taken = 0;
    // Too fast is always wrong; too slow may be the fault of a busy machine.
    for (int tries = 0; tries < 10; ++tries) {
        RateLimiter limiter(rate);
        taken = seconds_for([&] {
            for (std::size_t i = 0; i < count; ++i) limiter.acquire(piece);
        });
        REQUIRE(taken > expected * 0.9);
        if (taken < expected * 1.1) break;
    }
    CHECK(taken < expected * 1.1);
}

TEST_CASE("time in which nothing was sent is not saved up") {
    constexpr std::uint64_t rate = 1'000'000;
    RateLimiter limiter(rate);
    limiter.acquire(1000);
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < std::chrono::milliseconds(60)) {
    }
    CHECK(seconds_for([&] {
              for (int i = 0; i < 51; ++i) limiter.acquire(1000);
          }) > 0.045);
}

TEST_CASE("a sink with a rate sends at that rate, large writes in pieces") {
    Pipe pipe;
    constexpr std::uint64_t rate = 4'000'000;
    const Buffer bytes = Random(5).bytes(800'000);
    Buffer got(bytes.size());
    std::thread reader([&] { (void)read_full(pipe.reader.get(), got, "pipe"); });
    FdSink sink(pipe.writer.get(), "pipe", rate);
    const double taken = seconds_for([&] {
        sink.write(bytes);
        sink.flush();
    });
    reader.join();
    CHECK(equal(got, bytes));
    // All but the first piece waits.
    CHECK(taken > static_cast<double>(bytes.size() - (256 << 10)) / static_cast<double>(rate) * 0.9);
}
