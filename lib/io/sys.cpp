// SPDX-License-Identifier: Apache-2.0
#include "io/sys.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "io/interrupt.hpp"

namespace rs::io::sys {

namespace {

enum class Call { open, write, fsync, close, truncate, rename, link, unlink, mkdir, any };

struct Fault {
    Call call = Call::any;
    std::uint64_t at = 0;
    bool and_later = false;
    bool kill = false;
    bool cut_short = false;
    int error = 0;
    std::atomic<std::uint64_t> seen{0};
};

std::optional<Call> call_named(std::string_view name) {
    static constexpr std::pair<std::string_view, Call> names[] = {
        {"open", Call::open},         {"write", Call::write},   {"fsync", Call::fsync},
        {"close", Call::close},       {"truncate", Call::truncate}, {"rename", Call::rename},
        {"link", Call::link},         {"unlink", Call::unlink}, {"mkdir", Call::mkdir},
        {"any", Call::any},
    };
    for (const auto& [text, call] : names)
        if (text == name) return call;
    return std::nullopt;
}

int errno_named(std::string_view name) {
    static constexpr std::pair<std::string_view, int> names[] = {
        {"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EACCES", EACCES}};
    for (const auto& [text, value] : names)
        if (text == name) return value;
    return 0;
}

// The fault asked for, or null. A specification that cannot be read stops the program: whoever
// set the variable expects a failure and must not take a clean run for a passed rehearsal.
Fault* fault() {
    static Fault* const wanted = []() -> Fault* {
        const char* const text = std::getenv("RS_FAULT");
        if (text == nullptr || *text == '\0') return nullptr;
        const std::string_view spec(text);
        const auto first = spec.find(':'), last = spec.rfind(':');
        auto* const parsed = new Fault; // lives as long as the process
        bool ok = first != std::string_view::npos && last != first;
        if (ok) {
            const auto call = call_named(spec.substr(0, first));
            std::string_view count = spec.substr(first + 1, last - first - 1);
            const std::string_view action = spec.substr(last + 1);
            if (count.ends_with('+')) {
                parsed->and_later = true;
                count.remove_suffix(1);
            }
            const auto at = parse_u64(count);
            parsed->kill = action == "kill";
            parsed->cut_short = action == "short";
            parsed->error = errno_named(action);
            ok = call && at && *at > 0 && (parsed->kill || parsed->cut_short || parsed->error != 0);
            if (ok) {
                parsed->call = *call;
                parsed->at = *at;
            }
        }
        if (!ok) {
            ::fprintf(stderr, "RS_FAULT: '%s' is not CALL:N:ACTION, see rs(7)\n", text);
            ::_exit(64);
        }
        return parsed;
    }();
    return wanted;
}

enum class Verdict { go, fail, cut };

Verdict check(Call call) {
    Fault* const f = fault();
    if (f == nullptr || (f->call != Call::any && f->call != call)) return Verdict::go;
    const std::uint64_t n = ++f->seen;
    if (n != f->at && !(f->and_later && n > f->at)) return Verdict::go;
    if (f->kill) {
        ::kill(::getpid(), SIGKILL);
        ::pause();
    }
    if (f->cut_short) return call == Call::write ? Verdict::cut : Verdict::go;
    errno = f->error;
    return Verdict::fail;
}

template <class F>
auto retry(F&& call) -> decltype(call()) {
    decltype(call()) result;
    do {
        result = call();
    } while (result == -1 && errno == EINTR && stop_signal.load() == 0);
    return result;
}

template <class F>
auto guarded(Call name, F&& call) -> decltype(call()) {
    if (check(name) == Verdict::fail) return -1;
    return retry(call);
}

// Half of it, but never nothing: a zero-byte write would not be progress.
std::size_t size_to_write(std::size_t size, Verdict verdict) {
    return verdict == Verdict::cut && size > 1 ? size / 2 : size;
}

} // namespace

int openat(int dir, const char* path, int flags, mode_t mode) {
    if ((flags & O_CREAT) == 0 && (flags & O_TMPFILE) != O_TMPFILE)
        return retry([&] { return ::openat(dir, path, flags | O_CLOEXEC); });
    return guarded(Call::open, [&] { return ::openat(dir, path, flags | O_CLOEXEC, mode); });
}

ssize_t write(int fd, ByteSpan bytes) {
    const Verdict verdict = check(Call::write);
    if (verdict == Verdict::fail) return -1;
    const std::size_t size = size_to_write(bytes.size(), verdict);
    return retry([&] { return ::write(fd, bytes.data(), size); });
}

ssize_t pwrite(int fd, ByteSpan bytes, off_t offset) {
    const Verdict verdict = check(Call::write);
    if (verdict == Verdict::fail) return -1;
    const std::size_t size = size_to_write(bytes.size(), verdict);
    return retry([&] { return ::pwrite(fd, bytes.data(), size, offset); });
}

int fsync(int fd) {
    return guarded(Call::fsync, [&] { return ::fsync(fd); });
}

int syncfs(int fd) {
    return guarded(Call::fsync, [&] { return ::syncfs(fd); });
}

int close(int fd) {
    const Verdict verdict = check(Call::close);
    const int saved = errno;
    const int result = ::close(fd);
    if (verdict == Verdict::fail) {
        errno = saved;
        return -1;
    }
    return result == -1 && errno == EINTR ? 0 : result;
}

int ftruncate(int fd, off_t size) {
    return guarded(Call::truncate, [&] { return ::ftruncate(fd, size); });
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
    return guarded(Call::truncate, [&] { return ::fallocate(fd, mode, offset, size); });
}

int renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags) {
    return guarded(Call::rename, [&] {
        return static_cast<int>(::syscall(SYS_renameat2, from_dir, from, to_dir, to, flags));
    });
}

int linkat(int from_dir, const char* from, int to_dir, const char* to, int flags) {
    return guarded(Call::link, [&] { return ::linkat(from_dir, from, to_dir, to, flags); });
}

int unlinkat(int dir, const char* path, int flags) {
    return guarded(Call::unlink, [&] { return ::unlinkat(dir, path, flags); });
}

int mkdirat(int dir, const char* path, mode_t mode) {
    return guarded(Call::mkdir, [&] { return ::mkdirat(dir, path, mode); });
}

int symlinkat(const char* target, int dir, const char* path) {
    return guarded(Call::link, [&] { return ::symlinkat(target, dir, path); });
}

int mknodat(int dir, const char* path, mode_t mode, dev_t device) {
    return guarded(Call::mkdir, [&] { return ::mknodat(dir, path, mode, device); });
}

} // namespace rs::io::sys
