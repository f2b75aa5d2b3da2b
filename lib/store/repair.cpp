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
    Repair(const Store& store, const std::function<void(const Finding&)>& report, Monitor& monitor)
        : store_(store), report_(report), monitor_(monitor), hasher_(store.config().key) {}

    RepairReport run() {
        store_.sweep();
        std::map<std::uint64_t, std::shared_ptr<PackIndex>> known;
        const Index index = store_.load_index(&faults_);
        for (const auto& pack : index.packs()) known.emplace(pack->serial(), pack);
        for (const Store::IndexFault& f : faults_) {
            report_({cat("index/", index_name(f.serial)), f.what});
            known.erase(f.serial);
        }
        for (const std::string& file : io::list_dir(*store_.packs())) {
            const auto serial = serial_in_name(file, ".pack");
            if (!serial) {
                if (file.starts_with(".tmp-")) remove(*store_.packs(), file);
                continue;
            }
            const auto at = known.find(*serial);
            scan(*serial, at == known.end() ? nullptr : at->second.get());
            if (at != known.end()) known.erase(at);
        }
        for (const auto& [serial, pack] : known) lose_all(*pack);
        for (const std::string& file : io::list_dir(store_.indexes()))
            if (file.starts_with(".tmp-")) remove(store_.indexes(), file);
        set_aside_generations();
        name_damage();
        return out_;
    }

private:
    void remove(const io::Dir& dir, const std::string& file) {
        io::unlink_at(dir, file);
        ++out_.removed_files;
    }

    void scan(std::uint64_t serial, const PackIndex* index) {
        const std::string path = store_.packs()->name_of(pack_name(serial));
        const io::Fd fd = io::try_open_at(*store_.packs(), pack_name(serial));
        if (!fd) return; // a prune has removed it
        const PackScan scan = scan_pack(fd.get(), path, serial, index, hasher_, monitor_);
        for (const std::string& fault : scan.faults) report_({cat("packs/", pack_name(serial)), fault});
        std::uint64_t lost = 0;
        for (std::uint32_t i = 0; i < scan.content.ids.size(); ++i)
            if (!scan.content.lost.empty() && scan.content.lost[i] && (index == nullptr || !index->lost(i))) ++lost;
        const bool marks = index != nullptr && scan.content.segments != index->segments();
        if (index != nullptr && lost == 0 && !marks) return;
        out_.lost_chunks += lost;
        write(serial, scan.content);
    }

    void write(std::uint64_t serial, const IndexContent& content) {
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        // A prune may have replaced the pack while we read it; then there is nothing to index any more.
        if (!io::exists_at(*store_.packs(), pack_name(serial)) && content.lost.empty()) return;
        io::write_file_atomic(store_.indexes(), index_name(serial), content.encode());
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
        // Looked at under the lock: a prune removes the index first.
        if (!io::exists_at(store_.indexes(), index_name(index.serial()))) return;
        report_({cat("packs/", pack_name(index.serial())), "the pack is missing"});
        out_.lost_chunks += lost;
        write(index.serial(), content);
    }

    // A generation file that cannot be read is renamed, so that its number can come again and prune can tell
    // what is still referred to.
    void set_aside_generations() {
        for (const GenerationPlace& place : all_generations(store_)) {
            const auto dir = store_.open_name(place.name);
            if (!dir) continue;
            try {
                if (try_load_generation(*dir, place.id, place.line)) continue;
            } catch (const Error& e) {
                if (e.code() != Exit::data) throw;
                const io::Lock guard = store_.lock(io::LockMode::exclusive);
                const io::Dir holder = place.line == Line::main ? io::open_dir_at(*dir, ".") : io::open_dir_at(*dir, "branch");
                io::rename_at(holder, generation_name(place.id), holder, generation_name(place.id) + ".damaged");
                io::sync_dir(holder);
                report_({place.str(), cat(e.what(), "; set aside as ", generation_name(place.id), ".damaged")});
                ++out_.damaged_generations;
            }
        }
    }

    void name_damage() {
        Index index = store_.load_index();
        ChunkReader chunks(store_, index, hasher_);
        std::string last;
        find_damage(store_, chunks,
                    [&](const Finding& f) {
                        if (f.object != last) ++out_.damaged_generations;
                        last = f.object;
                        ++out_.damaged_files;
                        report_(f);
                    },
                    [](std::uint64_t) {}, monitor_);
    }

    const Store& store_;
    const std::function<void(const Finding&)>& report_;
    Monitor& monitor_;
    chunk::Hasher hasher_;
    std::vector<Store::IndexFault> faults_;
    RepairReport out_;
};

} // namespace

RepairReport repair(const Store& store, const std::function<void(const Finding&)>& report, Monitor& monitor) {
    return Repair(store, report, monitor).run();
}

} // namespace rs::store
