// SPDX-License-Identifier: Apache-2.0
#include "store/copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/thread.hpp"
#include "io/stream.hpp"
#include "store/emit.hpp"
#include "store/fence.hpp"
#include "store/proof.hpp"
#include "store/pull.hpp"

namespace rs::store {

namespace {

struct Pipe {
    io::Fd read, write;
    Pipe() {
        int fds[2];
        if (::pipe2(fds, O_CLOEXEC) != 0) fail_errno(Exit::io, "pipe", "make");
        read = io::Fd(fds[0]);
        write = io::Fd(fds[1]);
    }
};

// What 'rs-pull --have | rs-pull --emit --have=- | rs-pull' does, with a thread for each of the first two.
PullResult transfer(const Store& from, const Store& to, const std::string& name, const GenerationFile& generation, Line line,
                    Monitor& monitor) {
    Pipe have, dump;
    std::exception_ptr have_error, emit_error;
    std::thread first = start_thread([&] {
        SilentMonitor silent;
        try {
            io::FdSink sink(have.write.get(), "pipe");
            write_have(to, name, sink, silent);
            sink.flush();
        } catch (...) {
            have_error = std::current_exception();
        }
        have.write.abandon();
    });
    std::thread second;
    const auto emit_there = [&] {
        SilentMonitor silent;
        try {
            io::FdSource source(have.read.get(), "what the second store holds");
            stream::HaveReader reader(source);
            io::FdSink sink(dump.write.get(), "pipe");
            emit(from, generation, &reader, sink, {}, silent);
            sink.flush();
        } catch (...) {
            emit_error = std::current_exception();
        }
        have.read.abandon();
        dump.write.abandon();
    };
    try {
        second = start_thread(emit_there);
    } catch (...) {
        have.read.abandon(); // else the first one may wait for a reader for ever
        first.join();
        throw;
    }
    std::exception_ptr pull_error;
    std::optional<PullResult> result;
    try {
        PullOptions options;
        options.name = name;
        options.accept_shrink = true; // the mark is copied instead
        options.copied_line = line;
        io::FdSource source(dump.read.get(), cat(generation.header.name, " ", generation.id().str()));
        result = pull(to, options, source, monitor);
    } catch (...) {
        pull_error = std::current_exception();
    }
    dump.read.abandon();
    second.join();
    first.join();
    // The first in the pipe that failed is the cause; the others only saw it end. A closed pipe is no cause.
    for (const std::exception_ptr& e : {have_error, emit_error, pull_error}) {
        if (!e) continue;
        try {
            std::rethrow_exception(e);
        } catch (const PipeClosed&) {
            if (e == pull_error) throw;
        }
    }
    RS_ASSERT(result.has_value());
    return *result;
}

// What the second store holds, looked at anew after each transfer: one may heal what another one needs.
class Held {
public:
    explicit Held(const Store& store)
        : index_(store.load_index()), hasher_(store.config().key), chunks_(store, index_, hasher_), presence_(chunks_) {}
    [[nodiscard]] bool whole(const GenerationFile& generation) { return presence_.whole(generation); }

private:
    Index index_;
    chunk::Hasher hasher_;
    ChunkReader chunks_;
    Presence presence_;
};

void require_healed(const Store& to, const std::string& name, const GenerationPlace& place) {
    const auto dir = to.open_name(name);
    const auto now = dir ? try_load_generation(*dir, place.id, place.line) : std::nullopt;
    if (now && !Held(to).whole(*now)) fail(Exit::data, "was sent, and is still not whole there");
}

// What is kept beside the generations: proofs, the mark of a freeze, the epoch.
void copy_records(const Store& to, const std::string& name, const io::Dir& source, const GenerationFile& generation) {
    const auto target = to.open_name(name);
    if (!target) return;
    const std::vector<Proof> there = ProofList(*target).of(generation.id(), generation.digest);
    for (const Proof& proof : ProofList(source).of(generation.id(), generation.digest)) {
        const auto same = [&](const Proof& p) { return p.instance == proof.instance && p.time == proof.time; };
        if (std::none_of(there.begin(), there.end(), same)) write_proof(to, name, proof);
    }
    if (io::exists_at(source, frozen_name) && !io::exists_at(*target, frozen_name)) {
        const io::Lock guard = to.lock(io::LockMode::exclusive);
        io::write_file_atomic(*target, frozen_name, io::read_file_at(source, frozen_name, 4096));
    }
    if (const std::uint64_t epoch = highest_epoch(source); epoch > highest_epoch(*target)) raise_epoch(to, name, epoch);
}

} // namespace

CopyReport copy(const Store& from, const Store& to, const std::string& name, const std::string& as,
                const std::function<void(const GenerationPlace&, const std::string&)>& done, Monitor& monitor) {
    if (from.config().id == to.config().id)
        fail(Exit::usage, cat(printable(from.path()), " and ", printable(to.path()), ": are the same store"));
    if (!name.empty() && !from.open_name(name))
        fail(Exit::no_input, cat(printable(from.path()), ": has no name '", printable(name), "'"));
    to.sweep();
    CopyReport out;
    std::optional<Held> held;
    for (const GenerationPlace& place : all_generations(from)) {
        if (!name.empty() && place.name != name) continue;
        const std::string& there_name = as.empty() ? place.name : as;
        try {
            const auto source = from.open_name(place.name);
            const auto generation = source ? try_load_generation(*source, place.id, place.line) : std::nullopt;
            if (!generation) continue; // pruned meanwhile
            const io::Dir target = to.make_name(there_name);
            const auto there = try_load_generation(target, place.id, place.line);
            if (!held) held.emplace(to);
            if (there && there->digest == generation->digest && held->whole(*there)) {
                ++out.already_there;
            } else {
                out.new_bytes += transfer(from, to, there_name, *generation, place.line, monitor).new_bytes;
                held.reset();
                if (there) require_healed(to, there_name, place);
                ++out.generations;
                done(place, "");
            }
            copy_records(to, there_name, *source, *generation);
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw;
            done(place, e.what());
        }
    }
    return out;
}

} // namespace rs::store
