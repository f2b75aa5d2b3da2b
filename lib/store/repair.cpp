// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/check.hpp"
#include "store/pack_scan.hpp"
#include "store/references.hpp"

namespace rs::store {

namespace {

class Repair {
public:
    Repair(const Store& store, const RepairOptions& options, const std::function<void(const Finding&)>& report, Monitor& monitor)
        : store_(store), options_(options), report_(report), monitor_(monitor), hasher_(store.config().key) {}

    RepairReport run() {
        store_.sweep();
        std::map<std::uint64_t, std::shared_ptr<PackIndex>> known;
        const Index index = store_.load_index(&faults_);
        for (const auto& pack : index.packs()) known.emplace(pack->serial(), pack);
        for (const Store::IndexFault& f : faults_) {
            report_({cat("index/", index_name(f.serial)), f.what});
            known.erase(f.serial);
            drop_index_without_pack(f.serial);
        }
        for (const std::string& file : io::list_dir(*store_.packs())) {
            const auto serial = serial_in_name(file, ".pack");
            if (!serial) continue;
            const auto at = known.find(*serial);
            scan(*serial, at == known.end() ? nullptr : at->second.get());
            if (at != known.end()) known.erase(at);
        }
        for (const auto& [serial, pack] : known) lose_all(*pack);
        set_aside_unreadable();
        if (options_.set_aside) set_aside_lost();
        name_damage();
        return out_;
    }

private:
    void scan(std::uint64_t serial, const PackIndex* index) {
        const std::string path = store_.packs()->name_of(pack_name(serial));
        const io::Fd fd = io::try_open_at(*store_.packs(), pack_name(serial));
        if (!fd) return; // a prune has removed it
        PackScan scan = scan_pack(fd.get(), path, serial, index, hasher_, monitor_);
        for (const std::string& fault : scan.faults) report_({cat("packs/", pack_name(serial)), fault});
        if (scan.frame_damaged) mend(fd.get(), scan.content);
        std::uint64_t newly_lost = 0;
        bool same = index != nullptr && scan.content.segments == index->segments() &&
                    scan.content.pack_bytes == index->pack_bytes();
        for (std::uint32_t i = 0; i < scan.content.lost.size(); ++i) {
            const bool was = index != nullptr && index->lost(i);
            if (scan.content.lost[i] && !was) ++newly_lost;
            same = same && scan.content.lost[i] == was;
        }
        if (same) return;
        out_.lost_chunks += newly_lost;
        write_if_there(*store_.packs(), pack_name(serial), scan.content);
    }

    // Neither it nor what it told of can be read any more.
    void drop_index_without_pack(std::uint64_t serial) {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        if (io::exists_at(*store_.packs(), pack_name(serial))) return; // it is made anew
        io::unlink_at(store_.indexes(), index_name(serial));
        io::sync_dir(store_.indexes());
    }

    void mend(int fd, IndexContent& content) {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        if (!io::exists_at(*store_.packs(), pack_name(content.serial))) return; // a prune has removed it
        try {
            mend_pack(*store_.packs(), fd, content, store_.config().id);
            ++out_.mended_packs;
        } catch (const Error& e) {
            // Its chunks can be read all the same.
            monitor_.warn(cat("packs/", pack_name(content.serial), ": could not be mended: ", e.what()));
        }
    }

    // A prune may have removed the pack or the index meanwhile; then there is nothing to write any more.
    void write_if_there(const io::Dir& dir, const std::string& name, const IndexContent& content) {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        if (!io::exists_at(dir, name)) return;
        io::write_file_atomic(store_.indexes(), index_name(content.serial), content.encode());
        ++out_.rebuilt_indexes;
    }

    void lose_all(const PackIndex& index) {
        IndexContent content = index.content();
        std::uint64_t lost = 0;
        for (std::size_t i = 0; i < content.lost.size(); ++i) {
            if (!content.lost[i]) ++lost;
            content.lost[i] = true;
        }
        if (lost == 0) return;
        report_({cat("packs/", pack_name(index.serial())), "the pack is missing"});
        out_.lost_chunks += lost;
        write_if_there(store_.indexes(), index_name(index.serial()), content);
    }

    // A generation file that cannot be read is renamed, so that its number can come again and prune can tell
    // what is still referred to.
    void set_aside_unreadable() {
        for (const GenerationPlace& place : all_generations(store_)) {
            const auto dir = store_.open_name(place.name);
            if (!dir) continue;
            try {
                if (try_load_generation(*dir, place.id, place.line)) continue;
            } catch (const Error& e) {
                if (e.code() != Exit::data) throw;
                set_aside(*dir, place, e.what());
            }
        }
    }

    // Those that hold up every prune, since nobody can tell what they refer to.
    void set_aside_lost() {
        // Not while a prune moves what they refer to: what only seems to be lost must not be set aside.
        const auto turn = io::Lock::try_at(store_.root(), "prune-lock", io::LockMode::exclusive);
        if (!turn)
            fail(Exit::temp_fail, cat(printable(store_.path()), ": a prune is at work"), "try again when it has ended");
        const std::vector<GenerationPlace> places = all_generations(store_); // before the index
        Index index = store_.load_index();
        ChunkReader chunks(store_, index, hasher_);
        LiveSet live(index, chunks); // what prune asks, and stops at
        for (const GenerationPlace& place : places) {
            monitor_.progress(0, 0);
            const auto dir = store_.open_name(place.name);
            if (!dir) continue;
            const auto generation = try_load_generation(*dir, place.id, place.line);
            if (!generation) continue;
            try {
                live.mark(*generation);
            } catch (const Error& e) {
                if (e.code() != Exit::data) throw;
                set_aside(*dir, place, e.what());
            }
        }
    }

    void set_aside(const io::Dir& dir, const GenerationPlace& place, std::string_view why) {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        if (!is_there(dir, place.id, place.line)) return; // a prune has removed it
        const io::Dir holder = io::open_dir_at(dir, place.line == Line::main ? "." : "branch");
        io::rename_at(holder, generation_name(place.id), holder, generation_name(place.id) + ".damaged");
        io::sync_dir(holder);
        report_({place.str(), cat(why, "; set aside as ", generation_name(place.id), ".damaged")});
        ++out_.damaged_generations;
        ++out_.set_aside;
    }

    void name_damage() {
        const std::vector<GenerationPlace> places = all_generations(store_); // before the index
        Index index = store_.load_index();
        ChunkReader chunks(store_, index, hasher_);
        std::string last;
        find_damage(store_, places, chunks,
                    [&](const Finding& f) {
                        if (f.object != last) ++out_.damaged_generations;
                        last = f.object;
                        ++out_.damaged_files;
                        report_(f);
                    },
                    [](std::uint64_t) {}, monitor_);
    }

    const Store& store_;
    const RepairOptions& options_;
    const std::function<void(const Finding&)>& report_;
    Monitor& monitor_;
    chunk::Hasher hasher_;
    std::vector<Store::IndexFault> faults_;
    RepairReport out_;
};

} // namespace

RepairReport repair(const Store& store, const RepairOptions& options, const std::function<void(const Finding&)>& report,
                    Monitor& monitor) {
    return Repair(store, options, report, monitor).run();
}

} // namespace rs::store
