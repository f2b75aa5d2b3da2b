// SPDX-License-Identifier: Apache-2.0
#include "store/check.hpp"

#include <chrono>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/pack_scan.hpp"
#include "store/references.hpp"

namespace rs::store {

namespace {

constexpr const char* position_name = "check-position"; // serial of the last pack that was read whole

std::uint64_t load_position(const Store& store) {
    if (!io::exists_at(store.root(), position_name)) return 0;
    const Buffer raw = io::read_file_at(store.root(), position_name, 64);
    std::string_view text = as_text(raw);
    if (text.ends_with('\n')) text.remove_suffix(1);
    return parse_u64(text).value_or(0); // unreadable: from the start
}

class Check {
public:
    Check(const Store& store, const CheckOptions& options, const std::function<void(const Finding&)>& report,
          Monitor& monitor)
        : store_(store), options_(options), report_(report), monitor_(monitor), hasher_(store.config().key) {}

    CheckReport run() {
        store_.sweep();
        look_at_files();
        const std::vector<GenerationPlace> places = all_generations(store_); // before the index
        Index index = load();
        out_.packs = index.packs().size();
        out_.chunks = index.chunks();
        ChunkReader chunks(store_, index, hasher_);
        find_damage(store_, places, chunks, [&](const Finding& f) { find(f); }, [&](std::uint64_t n) { out_.generations += n; }, monitor_);
        judge_unindexed();
        if (options_.read_data) read_packs(index);
        return out_;
    }

private:
    void find(const Finding& f) {
        ++out_.findings;
        report_(f);
    }

    Index load() {
        std::vector<Store::IndexFault> faults;
        Index index = store_.load_index(&faults);
        for (const Store::IndexFault& f : faults) find({cat("index/", index_name(f.serial)), f.what});
        return index;
    }

    // Under the lock, so that nothing is half published while we look.
    void look_at_files() {
        const io::Lock guard = store_.lock(io::LockMode::shared);
        std::set<std::uint64_t> packs;
        for (const std::string& file : io::list_dir(*store_.packs())) {
            const auto serial = serial_in_name(file, ".pack");
            if (serial)
                packs.insert(*serial);
            else if (!file.starts_with(".tmp-"))
                find({cat("packs/", printable(file)), "does not belong in a store"});
        }
        for (const std::string& file : io::list_dir(store_.indexes())) {
            const auto serial = serial_in_name(file, ".idx");
            if (!serial) {
                if (!file.starts_with(".tmp-")) find({cat("index/", printable(file)), "does not belong in a store"});
                continue;
            }
            if (packs.erase(*serial) == 0) {
                // A pack of which nothing could be saved keeps its index, so that its chunks can be healed.
                if (!all_lost(file)) find({cat("packs/", pack_name(*serial)), "the pack is missing"});
                continue;
            }
            check_size(*serial, file);
        }
        unindexed_.assign(packs.begin(), packs.end());
    }

    // Where nothing is missing, a pack without an index is what a prune that was killed left; the next one removes it.
    void judge_unindexed() {
        for (const std::uint64_t serial : unindexed_) {
            const std::string object = cat("packs/", pack_name(serial));
            if (out_.findings > 0)
                find({object, "has no index; 'rs-store repair' makes one"});
            else
                monitor_.note(cat(object, ": has no index, and nothing needs it; the next prune removes it"));
        }
    }

    [[nodiscard]] std::shared_ptr<PackIndex> open_index(const std::string& file) const {
        try {
            const io::Fd fd = io::open_at(store_.indexes(), file);
            return std::make_shared<PackIndex>(fd.get(), store_.indexes().name_of(file), false);
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw;
            return nullptr; // load() reports it
        }
    }

    [[nodiscard]] bool all_lost(const std::string& file) const {
        const auto index = open_index(file);
        if (!index) return false;
        for (std::uint32_t i = 0; i < index->chunks(); ++i)
            if (!index->lost(i)) return false;
        return true;
    }

    void check_size(std::uint64_t serial, const std::string& file) {
        const auto index = open_index(file);
        if (!index) return;
        const io::Fd fd = io::open_at(*store_.packs(), pack_name(serial));
        const auto size = static_cast<std::uint64_t>(io::stat_fd(fd.get(), store_.packs()->name_of(pack_name(serial))).st_size);
        if (size != index->pack_bytes())
            find({cat("packs/", pack_name(serial)), cat("has ", size, " bytes, its index says ", index->pack_bytes())});
    }

    void read_packs(const Index& index) {
        std::map<std::uint64_t, std::shared_ptr<PackIndex>> order;
        for (const auto& pack : index.packs()) order.emplace(pack->serial(), pack);
        const std::uint64_t from = options_.budget_seconds ? load_position(store_) : 0;
        const auto start = std::chrono::steady_clock::now();
        bool resumed = from > 0 && order.upper_bound(from) != order.end();
        auto at = resumed ? order.upper_bound(from) : order.begin();
        for (; at != order.end(); ++at) {
            if (options_.budget_seconds &&
                std::chrono::steady_clock::now() - start >= std::chrono::seconds(*options_.budget_seconds) &&
                out_.read_bytes > 0) {
                out_.complete = false;
                break;
            }
            read_pack(*at->second);
            out_.read_through = at->first;
        }
        if (!options_.budget_seconds) return;
        const io::Lock guard = store_.lock(io::LockMode::exclusive);
        io::write_file_atomic(store_.root(), position_name, as_bytes(cat(out_.complete ? 0 : out_.read_through, "\n")));
    }

    void read_pack(const PackIndex& pack) {
        const std::string path = store_.packs()->name_of(pack_name(pack.serial()));
        const io::Fd fd = io::try_open_at(*store_.packs(), pack_name(pack.serial()));
        if (!fd) return; // missing was reported; removed by a prune is fine
        const PackScan scan = scan_pack(fd.get(), path, pack.serial(), &pack, hasher_, monitor_);
        out_.read_bytes += scan.read_bytes;
        out_.verified_chunks += scan.verified_chunks;
        for (const std::string& fault : scan.faults) find({cat("packs/", pack_name(pack.serial())), fault});
    }

    const Store& store_;
    const CheckOptions& options_;
    const std::function<void(const Finding&)>& report_;
    Monitor& monitor_;
    chunk::Hasher hasher_;
    std::vector<std::uint64_t> unindexed_; // serials of packs
    CheckReport out_;
};

} // namespace

CheckReport check(const Store& store, const CheckOptions& options, const std::function<void(const Finding&)>& report,
                  Monitor& monitor) {
    return Check(store, options, report, monitor).run();
}

} // namespace rs::store
