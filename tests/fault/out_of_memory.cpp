// SPDX-License-Identifier: Apache-2.0
// No memory, and no threads: the Nth allocation of an operation fails, for every N, in whatever thread it happens.
//
//     out-of-memory SECTION [--full | --every N]
//
// SECTION is export, have, pull, import, emit, check, prune, repair or copy. Each allocation fails alone, then together
// with all that follow; without sanitizers the same is then done to those of libraries and to the starting of threads.
// Whatever happens, the operation ends with an exception that a tool can explain or with the right result, nothing that
// was there is harmed, and the next try succeeds. --every N takes each Nth, --full all; else some hundred.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <set>
#include <thread>

#include "base/text.hpp"
#include "store/check.hpp"
#include "store/copy.hpp"
#include "store/prune.hpp"
#include "world.hpp"

namespace {

// What fails: the `at`th since it was armed, and with `lasting` all later ones.
struct Fuse {
    std::atomic<bool> armed{false}, lasting{false}, burnt{false};
    std::atomic<std::uint64_t> at{0}, seen{0};

    void arm(std::uint64_t n, bool and_all_later) {
        at = n;
        lasting = and_all_later;
        seen = 0;
        burnt = false;
        armed = true;
    }
    bool burns() noexcept {
        if (!armed) return false;
        const std::uint64_t n = ++seen;
        if (n != at && !(lasting && n > at)) return false;
        burnt = true;
        return true;
    }
};

Fuse memory; // operator new
Fuse heap;   // malloc(3) and the like, called by libraries
Fuse threads;

} // namespace

// Sanitizers have functions of their own in these places.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RS_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RS_SANITIZED
#endif
#endif

#ifdef RS_SANITIZED
constexpr bool libraries_can_fail = false;
namespace {
void* real_malloc(std::size_t size) { return std::malloc(size); }
} // namespace
#else
constexpr bool libraries_can_fail = true;
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);

void* malloc(std::size_t size) {
    if (!heap.burns()) return __libc_malloc(size);
    errno = ENOMEM;
    return nullptr;
}
void* calloc(std::size_t count, std::size_t size) {
    if (!heap.burns()) return __libc_calloc(count, size);
    errno = ENOMEM;
    return nullptr;
}
void* realloc(void* old, std::size_t size) {
    if (!heap.burns()) return __libc_realloc(old, size);
    errno = ENOMEM;
    return nullptr;
}
// Without memory glibc itself aborts here; there is nothing to be seen of us.
int __cxa_thread_atexit_impl(void (*destroy)(void*), void* object, void* library) {
    using Register = int (*)(void (*)(void*), void*, void*);
    static const auto real = reinterpret_cast<Register>(::dlsym(RTLD_NEXT, "__cxa_thread_atexit_impl"));
    const bool was_armed = heap.armed.exchange(false);
    const int out = real(destroy, object, library);
    if (was_armed) heap.armed = true;
    return out;
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto real = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
    return threads.burns() ? EAGAIN : real(thread, attributes, start, argument);
}
}
namespace {
void* real_malloc(std::size_t size) { return __libc_malloc(size); }
} // namespace
#endif

namespace {

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    if (memory.burns()) return nullptr;
    if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) return real_malloc(size == 0 ? 1 : size);
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* const out = allocate(size, alignment);
    if (out == nullptr) throw std::bad_alloc();
    return out;
}

} // namespace

void* operator new(std::size_t n) { return allocate_or_throw(n, 1); }
void* operator new[](std::size_t n) { return allocate_or_throw(n, 1); }
void* operator new(std::size_t n, std::align_val_t a) {
    return allocate_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
    return allocate_or_throw(n, static_cast<std::size_t>(a));
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, 1); }
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept { return allocate(n, 1); }
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
    return allocate(n, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
    return allocate(n, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t, const std::nothrow_t&) noexcept { std::free(p); }

using namespace rs;
using namespace rs::fault;

namespace {

// Of one operation. verify() is told whether run() came to its end; it also does the next try.
struct Scenario {
    std::function<void()> prepare, run;
    std::function<void(bool, const std::string&)> verify;
};

char at_work[200];

// Hangs or has crashed: says where.
extern "C" void tell(int) {
    memory.armed = heap.armed = threads.armed = false;
    static const char text[] = "memory: hangs or crashes: ";
    if (::write(STDERR_FILENO, text, sizeof text - 1) < 0 ||
        ::write(STDERR_FILENO, at_work, std::strlen(at_work)) < 0 ||
        ::write(STDERR_FILENO, "\n", 1) < 0)
        ::_exit(2);
    ::_exit(1);
}

// False: the fault did not happen any more.
bool try_one(Verdict& verdict, const Scenario& s, Fuse& fuse, std::uint64_t n, bool lasting,
             const std::string& where) {
    std::snprintf(at_work, sizeof at_work, "%s", where.c_str());
    ::alarm(120);
    s.prepare();
    bool finished = false;
    std::string refused; // filled in when memory is there again
    std::exception_ptr error;
    fuse.arm(n, lasting);
    try {
        s.run();
        finished = true;
    } catch (...) {
        error = std::current_exception();
    }
    fuse.armed = false;
    const bool burnt = fuse.burnt;
    try {
        if (error) std::rethrow_exception(error);
        verdict.count(burnt ? "finished all the same" : "finished without the fault");
    } catch (const std::bad_alloc&) {
        verdict.count("out of memory");
    } catch (const Error& e) {
        verdict.count(cat("exit code ", static_cast<int>(e.code())));
        // Want of memory says nothing about the data.
        verdict.require(e.code() == Exit::io || e.code() == Exit::temp_fail, where,
                        cat("exit code ", static_cast<int>(e.code()), ": ", e.what()));
    } catch (const std::exception& e) {
        verdict.wrong(where, cat("no error that a tool can explain: ", e.what()));
    }
    error = nullptr;
    try {
        s.verify(finished, where);
    } catch (const std::exception& e) {
        verdict.wrong(where, cat("afterwards: ", e.what()));
    }
    return burnt;
}

void try_all(Verdict& verdict, const Scenario& s, std::uint64_t every) {
    s.prepare();
    s.run(); // what is made once in a process is made
    s.verify(true, "without a fault");
    for (const bool lasting : {false, true}) {
        const char* const more = lasting ? " and all later" : "";
        for (std::uint64_t n = 1;
             try_one(verdict, s, memory, n, lasting, cat("allocation ", n, more)); n += every) {
        }
        if (!libraries_can_fail) continue;
        for (std::uint64_t n = 1; try_one(verdict, s, heap, n, lasting, cat("malloc ", n, more));
             n += every) {
        }
        for (std::uint64_t n = 1; try_one(verdict, s, threads, n, lasting, cat("thread ", n, more));
             ++n) {
        }
    }
    ::alarm(0);
}

void remove_target(const World& w) {
    remove_all(w.target);
    remove_all(w.scratch.path(".target.rs-import"));
}

void prune_to_one(const std::string& path) {
    SilentMonitor monitor;
    store::PruneOptions options;
    options.policy.keep_last = 1;
    store::prune(store::Store(path), options, {1'800'000'000, 0}, monitor);
}

void repair(const std::string& path) {
    SilentMonitor monitor;
    store::repair(
        store::Store(path), {}, [](const store::Finding&) {}, monitor);
}

std::string first_pack(const World& w) {
    const Snapshot store(w.store);
    for (const auto& [file, content] : store.files())
        if (file.ends_with(".pack")) return cat(w.store, "/", file);
    fail(Exit::software, "no pack in the store");
}

Scenario make(const std::string& section, World& w, Verdict& v) {
    const auto whole_store = [&w, &v](const std::string& where) {
        const std::string found = check(w.store);
        v.require(found.empty(), where, cat("the store is damaged: ", found));
    };
    const auto right = [&w, &v](const std::string& store, unsigned i, const std::string& where) {
        v.require(image_of_stream(w.scratch, emit(store, cat("1.", i))) == w.images[i], where,
                  cat("1.", i, " is wrong"));
    };
    if (section == "export") {
        auto out = std::make_shared<Buffer>();
        return {[out] { out->clear(); }, [&w, out] { *out = export_tree(w.trees[3], w.have); },
                [&w, &v, out](bool finished, const std::string& where) {
                    if (!finished) return;
                    import(w.target, *out);
                    v.require(image_of(w.target) == w.images[3], where, "the stream is wrong");
                    remove_target(w);
                    import(w.target, emit(w.store, "1.2"));
                }};
    }
    if (section == "have") {
        auto out = std::make_shared<std::pair<Buffer, Buffer>>();
        const Buffer of_tree = target_have(w.target);
        return {[out] { *out = {}; },
                [&w, out] {
                    out->first = store_have(w.store);
                    out->second = target_have(w.target);
                },
                [&w, &v, out, of_tree](bool finished, const std::string& where) {
                    v.require(!finished || (out->first == w.have && out->second == of_tree), where,
                              "a have is wrong");
                }};
    }
    if (section == "pull") {
        const auto before = std::make_shared<Snapshot>(w.store);
        return {[before] { before->restore(); }, [&w] { pull(w.store, w.delta); },
                [=, &w, &v](bool finished, const std::string& where) {
                    whole_store(where);
                    if (finished) right(w.store, 3, where);
                    pull(w.store, w.whole); // whatever was left is taken up
                    whole_store(where);
                    for (const unsigned i : {1U, 2U, 3U}) right(w.store, i, where);
                }};
    }
    if (section == "import") {
        const Buffer second = emit(w.store, "1.2");
        return {[&w, second] {
                    remove_target(w);
                    import(w.target, second);
                },
                [&w] { import(w.target, w.delta); },
                [&w, &v](bool finished, const std::string& where) {
                    const std::string image = image_of(w.target);
                    v.require(image == w.images[3] || (!finished && image == w.images[2]), where,
                              "neither the old tree nor the new");
                    import(w.target, w.whole);
                    v.require(image_of(w.target) == w.images[3], where, "the next import is wrong");
                }};
    }
    if (section == "emit") {
        auto out = std::make_shared<Buffer>();
        const Buffer good = emit(w.store, "1.2");
        const Snapshot before(w.store);
        return {[out] { out->clear(); }, [&w, out] { *out = emit(w.store, "1.2"); },
                [=, &w, &v](bool finished, const std::string& where) {
                    v.require(!finished || *out == good ||
                                  image_of_stream(w.scratch, *out) == w.images[2],
                              where, "the stream is wrong");
                    v.require(Snapshot(w.store) == before, where, "the store changed");
                }};
    }
    if (section == "check") {
        auto out = std::make_shared<std::pair<std::string, std::string>>();
        // A second store, of which the last pack is damaged.
        const std::string bad = w.scratch.path("bad");
        Snapshot(w.store).restore(bad);
        std::string pack = first_pack(w).substr(w.store.size());
        std::string content = Snapshot(bad).files().at(pack.substr(1));
        content[content.size() / 2] ^= 1;
        put_file(bad + pack, content);
        return {[out] {
                    *out = {"?", ""};
                },
                [&w, out, bad] {
                    out->second = check(bad);
                    out->first = check(w.store);
                },
                [&v, out](bool finished, const std::string& where) {
                    if (!finished) return;
                    v.require(out->first.empty(), where,
                              cat("a whole store was called damaged: ", out->first));
                    v.require(!out->second.empty(), where, "a damaged store was called whole");
                }};
    }
    if (section == "prune") {
        pull(w.store, w.delta);
        const auto before = std::make_shared<Snapshot>(w.store);
        return {[before] { before->restore(); }, [&w] { prune_to_one(w.store); },
                [=, &w, &v](bool finished, const std::string& where) {
                    whole_store(where);
                    right(w.store, 3, where);
                    for (const unsigned i : {1U, 2U})
                        if (Snapshot(w.store + "/names")
                                .files()
                                .contains(cat(name, "/1.", i, ".gen"))) {
                            v.require(!finished, where, "pruned, and still there");
                            right(w.store, i, where);
                        }
                    prune_to_one(w.store);
                    whole_store(where);
                    right(w.store, 3, where);
                    v.require(!Snapshot(w.store + "/names").files().contains(cat(name, "/1.1.gen")),
                              where, "not pruned");
                }};
    }
    if (section == "repair") {
        const std::string pack = first_pack(w);
        std::string content = Snapshot(w.store).files().at(pack.substr(w.store.size() + 1));
        content[content.size() / 2] ^= 1;
        put_file(pack, content);
        const auto before = std::make_shared<Snapshot>(w.store);
        return {[before] { before->restore(); }, [&w] { repair(w.store); },
                [=, &w, &v](bool, const std::string& where) {
                    repair(w.store);
                    // The sources send again what was lost.
                    for (const unsigned i : {1U, 2U, 3U})
                        pull(w.store, export_tree(w.trees[i], {}, cat("1.", i)));
                    whole_store(where);
                    for (const unsigned i : {1U, 2U, 3U}) right(w.store, i, where);
                }};
    }
    if (section == "copy") {
        const std::string other = w.scratch.path("other");
        const auto run = [&w, other] {
            SilentMonitor monitor;
            std::string failed;
            store::copy(
                store::Store(w.store), store::Store(other), "", "",
                [&](const store::GenerationPlace&, const std::string& error) { failed += error; },
                monitor);
            if (!failed.empty()) fail(Exit::data, failed);
        };
        return {[other] {
                    remove_all(other);
                    store::Store::init(other, 0);
                },
                run,
                [=, &v](bool, const std::string& where) {
                    run();
                    v.require(check(other).empty(), where, "the copy is damaged");
                    for (const unsigned i : {1U, 2U}) right(other, i, where);
                }};
    }
    fail(Exit::usage,
         "usage: out-of-memory export|have|pull|import|emit|check|prune|repair|copy [--full | --every N]");
}

} // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN); // as in the tools
    ::signal(SIGALRM, tell);
    ::signal(SIGABRT, tell);
    try {
        const std::string section = argc > 1 ? argv[1] : "";
        std::uint64_t every = 19;
        if (argc > 2 && std::strcmp(argv[2], "--full") == 0) every = 1;
        if (argc > 3 && std::strcmp(argv[2], "--every") == 0)
            every = parse_u64(argv[3]).value_or(1);
        World w;
        Verdict verdict(cat("without memory: ", section));
        try_all(verdict, make(section, w, verdict), every);
        return verdict.finish() ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "memory: %s\n", e.what());
        return 1;
    }
}
