// SPDX-License-Identifier: Apache-2.0
#include "store/prune.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/proof.hpp"
#include "store/pull.hpp"
#include "store/repack.hpp"

namespace rs::store {

namespace {

using Packs = std::vector<std::shared_ptr<PackIndex>>;

class Prune {
public:
    Prune(const Store& store, const PruneOptions& options, UtcTime now, Monitor& monitor)
        : store_(store), options_(options), now_(now), monitor_(monitor), hasher_(store.config().key) {}

    PruneReport run() {
        if (!options_.name.empty() && !store_.open_name(options_.name))
            fail(Exit::no_input, cat(printable(store_.path()), ": has no name '", printable(options_.name), "'"));
        if (!options_.dry_run) {
            // One prune at a time; a second one would only do the same work.
            turn_ = io::Lock::try_at(store_.root(), "prune-lock", io::LockMode::exclusive);
            if (!turn_) fail(Exit::temp_fail, cat(printable(store_.path()), ": another prune is at work"), "try again when it has ended");
            make_room();
            store_.sweep();
            out_.freed_bytes += store_.drop_stale_partial(now_);
        }
        make_plan();
        const std::vector<GenerationPlace> places = all_generations(store_); // before the index
        Index index = store_.load_index();
        ChunkReader chunks(store_, index, hasher_);
        LiveSet live(index, chunks);
        std::set<std::string> marked;
        mark(places, live, marked);
        if (options_.dry_run) {
            for (const auto& pack : index.packs()) out_.freed_bytes += dead_bytes(*pack, live);
            return out_;
        }
        remove_generations();
        collect(index, chunks, live, marked);
        try {
            store_.restore_reserve();
        } catch (const Error& e) {
            monitor_.warn(cat("the reserve could not be set aside again: ", e.what()));
        }
        return out_;
    }

private:
    void make_plan() {
        for (const std::string& name : store_.names()) {
            if (!options_.name.empty() && name != options_.name) continue;
            const auto dir = store_.open_name(name);
            if (!dir) continue;
            if (io::exists_at(*dir, frozen_name) && !options_.accept_shrink) {
                out_.frozen.push_back(name);
                continue;
            }
            std::vector<Candidate> candidates;
            std::vector<PlannedGeneration> planned;
            const ProofList proofs(*dir);
            for (const Generation& id : list_generations(*dir, Line::main)) {
                const auto g = try_load_generation(*dir, id, Line::main);
                if (!g) continue;
                PlannedGeneration p;
                p.place = {name, id, Line::main};
                p.time = {g->header.time.seconds, g->header.time.nanoseconds};
                p.bytes = g->totals.bytes;
                p.proven = !proofs.of(id, g->digest).empty();
                candidates.push_back({id, p.time, p.proven});
                planned.push_back(std::move(p));
            }
            const std::vector<Decision> decisions = plan_retention(candidates, options_.policy, now_);
            for (PlannedGeneration& p : planned) {
                for (const Decision& d : decisions)
                    if (d.id == p.place.id) p.decision = d;
                out_.plan.push_back(std::move(p));
            }
        }
    }

    // Marks what those of the generations refer to that stay and that `marked` does not have already.
    void mark(const std::vector<GenerationPlace>& places, LiveSet& live, std::set<std::string>& marked) {
        // Once they are removed, a generation with such a number is one that was published again.
        std::set<std::pair<std::string, Generation>> gone;
        for (const PlannedGeneration& p : out_.plan)
            if (!removed_ && !p.decision.keep()) gone.emplace(p.place.name, p.place.id);
        for (const GenerationPlace& place : places) {
            monitor_.progress(0, 0);
            if (place.line == Line::main && gone.contains({place.name, place.id})) continue;
            if (!marked.insert(place.str()).second) continue;
            const auto dir = store_.open_name(place.name);
            if (!dir) continue;
            try {
                if (const auto g = try_load_generation(*dir, place.id, place.line)) live.mark(*g);
            } catch (const Error& e) {
                if (e.code() != Exit::data) throw;
                throw Error(Exit::data, e.what(),
                            "run 'rs-store repair' and let the next pulls heal it; what they do not heal, "
                            "'rs-store repair --set-aside' puts out of the way");
            }
        }
    }

    void make_room() {
        struct statvfs fs {};
        if (::fstatvfs(store_.root().get(), &fs) != 0) return;
        const std::uint64_t free = std::uint64_t{fs.f_bavail} * fs.f_frsize;
        if (free < default_reserve_bytes / 4) store_.release_reserve();
    }

    void remove_generations() {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        std::set<std::string> names;
        for (const PlannedGeneration& p : out_.plan) {
            names.insert(p.place.name);
            if (p.decision.keep()) continue;
            const auto dir = store_.open_name(p.place.name);
            if (!dir) continue;
            io::unlink_at(*dir, generation_name(p.place.id));
            ++out_.removed_generations;
        }
        for (const std::string& name : names) {
            const auto dir = store_.open_name(name);
            if (!dir) continue;
            if (options_.accept_shrink) io::unlink_at(*dir, frozen_name);
            // The generations first: a proof of one that is not there does no harm.
            io::sync_dir(*dir);
            const ProofList proofs(*dir);
            for (const PlannedGeneration& p : out_.plan)
                if (!p.decision.keep() && p.place.name == name) proofs.remove(p.place.id);
        }
        removed_ = true;
    }

    // Removes packs without a live chunk, which makes room, and rewrites those that are mostly dead or too many.
    void collect(Index& index, ChunkReader& chunks, LiveSet& live, std::set<std::string>& marked) {
        Repacker repacker(store_, chunks, live);
        Packs rewritten;
        remove_packs(index, live, marked, repacker, rewritten);
        Packs packs; // those that may be rewritten at all; a copy: reading may refresh the index
        for (const auto& pack : index.packs())
            if (!(live.unknown() && !accounts_for_all(*pack)) && movable(*pack, live)) packs.push_back(pack);
        const std::set<const PackIndex*> many = crowded(packs);
        for (const auto& pack : packs) {
            if (!many.contains(pack.get()) && !worth_rewriting(*pack, dead_bytes(*pack, live))) continue;
            monitor_.progress(0, 0);
            const auto stays = [&](std::string_view why) {
                // Not enough room, or a damaged pack: what lives in it stays where it is.
                monitor_.warn(cat(pack_name(pack->serial()), " was not rewritten: ", why));
                repacker.forget(*pack);
            };
            try {
                repacker.add(*pack);
                rewritten.push_back(pack);
            } catch (const ChunkReader::PackGone&) {
                stays("it is missing");
            } catch (const Error& e) {
                stays(e.what());
                if (repacker.broken()) return; // what was dead has gone, and the rest stays where it is
            }
        }
        if (rewritten.empty()) return;
        try {
            repacker.finish();
        } catch (const Error& e) {
            if (e.code() != Exit::io) throw;
            monitor_.warn(cat("no pack was rewritten: ", e.what()));
            return;
        }
        remove_packs(index, live, marked, repacker, rewritten);
    }

    // Under the exclusive lock: what nothing refers to, and what was rewritten.
    void remove_packs(Index& index, LiveSet& live, std::set<std::string>& marked, Repacker& repacker, const Packs& rewritten) {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        // What was published since we looked.
        store_.refresh_index(index);
        mark(all_generations(store_), live, marked);
        Packs doomed;
        for (const auto& pack : index.packs()) {
            // It holds what no index tells of, and something that is referred to is in no index.
            if (live.unknown() && !accounts_for_all(*pack)) continue;
            const bool moved = std::find(rewritten.begin(), rewritten.end(), pack) != rewritten.end();
            // A pack that came to live again by a generation published meanwhile stays, moved chunks or not.
            if (moved ? repacker.covers(*pack) : dead_bytes(*pack, live) == pack->pack_bytes()) doomed.push_back(pack);
        }
        const std::vector<std::uint64_t> orphans = live.unknown() ? std::vector<std::uint64_t>{} : packs_without_index();
        if (doomed.empty() && orphans.empty()) return;
        std::uint64_t highest = orphans.empty() ? 0 : orphans.back();
        for (const auto& pack : index.packs()) highest = std::max(highest, pack->serial());
        store_.raise_serial_floor(highest + 1);
        repacker.publish();
        for (const auto& pack : doomed) {
            // The index first: nobody must believe in a pack that is gone.
            io::unlink_at(store_.indexes(), index_name(pack->serial()));
            out_.freed_bytes += pack->pack_bytes();
        }
        io::sync_dir(store_.indexes());
        for (const auto& pack : doomed) io::unlink_at(*store_.packs(), pack_name(pack->serial()));
        for (const std::uint64_t serial : orphans) {
            out_.freed_bytes += size_of(pack_name(serial));
            io::unlink_at(*store_.packs(), pack_name(serial));
        }
        io::sync_dir(*store_.packs());
        for (const auto& pack : doomed) index.remove(pack->serial());
        out_.rewritten_packs = rewritten.size();
        out_.removed_packs += orphans.size() + doomed.size() - std::min<std::size_t>(doomed.size(), rewritten.size());
        out_.freed_bytes -= std::min(out_.freed_bytes, repacker.written_bytes());
    }

    // Ascending. A prune that was killed between removing an index and its pack left them; so might somebody who
    // removed an index, but then live.unknown() says that something is missing.
    [[nodiscard]] std::vector<std::uint64_t> packs_without_index() const {
        std::vector<std::uint64_t> out;
        for (const std::string& file : io::list_dir(*store_.packs())) {
            const auto serial = serial_in_name(file, ".pack");
            if (serial && !io::exists_at(store_.indexes(), index_name(*serial))) out.push_back(*serial);
        }
        return out;
    }

    [[nodiscard]] std::uint64_t size_of(const std::string& pack) const {
        const io::Fd fd = io::open_at(*store_.packs(), pack);
        return static_cast<std::uint64_t>(io::stat_fd(fd.get(), pack).st_size);
    }

    const Store& store_;
    const PruneOptions& options_;
    UtcTime now_;
    Monitor& monitor_;
    chunk::Hasher hasher_;
    std::optional<io::Lock> turn_;
    bool removed_ = false; // the generations that are to go
    PruneReport out_;
};

} // namespace

PruneReport prune(const Store& store, const PruneOptions& options, UtcTime now, Monitor& monitor) {
    return Prune(store, options, now, monitor).run();
}

} // namespace rs::store
