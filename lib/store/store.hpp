// SPDX-License-Identifier: Apache-2.0
// A store: the directory, its identity, its locks. rs-store(5) says what is where.
//
// Nothing in a store is ever changed in place. Files appear by one rename after they were flushed,
// and the rename that makes a generation visible is the last of its transfer. The lock file is held
// shared while something is read that must not vanish, exclusively for the short moments in
// which names are published or removed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/generation.hpp"
#include "base/time.hpp"
#include "chunk/id.hpp"
#include "io/file.hpp"
#include "io/lock.hpp"
#include "store/index.hpp"
#include "store/pack_writer.hpp"

namespace rs::store {

// A week: whoever resumes a transfer over a slow line tries more often than that.
inline constexpr std::int64_t stale_partial_seconds = 7 * 86'400;

struct StoreConfig {
    StoreId id{};
    chunk::Key key{};
};

class Store {
public:
    // Creates it; the directory may exist if it is empty. config: the key of another store, whose chunks
    // are to be recognised here (a copy); else random. An existing store is Error(Exit::cant_create).
    static void init(const std::string& path, std::uint64_t reserve_bytes,
                     const std::optional<chunk::Key>& key = std::nullopt);

    // Not a store: Error(Exit::no_input) or, of a later version, Error(Exit::data). Reads only.
    explicit Store(const std::string& path);

    [[nodiscard]] const std::string& path() const { return root_.path; }
    [[nodiscard]] const StoreConfig& config() const { return config_; }
    [[nodiscard]] const io::Dir& root() const { return root_; }
    [[nodiscard]] const std::shared_ptr<io::Dir>& packs() const { return packs_; }
    [[nodiscard]] const io::Dir& indexes() const { return indexes_; }

    // The directory of a name. open_name: nothing if the store does not know it. Names are file names that do
    // not begin with a dot; anything else is Error(Exit::usage).
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] std::optional<io::Dir> open_name(const std::string& name) const;
    [[nodiscard]] io::Dir make_name(const std::string& name) const;

    // Reads the indexes anew. A damaged or missing one is reported in `faults` and left out; its chunks count
    // as not there.
    struct IndexFault {
        std::uint64_t serial = 0;
        std::string what;
    };
    [[nodiscard]] Index load_index(std::vector<IndexFault>* faults = nullptr) const; // also beside a prune

    // Drops packs that are gone from `index` and adds new ones. True if any was dropped.
    bool refresh_index(Index& index) const;

    [[nodiscard]] io::Lock lock(io::LockMode mode) const { return io::Lock::wait_at(root_, "lock", mode); }

    // A directory for a transfer of `name`, locked by this process as long as it is open. An empty name: nothing
    // in it is worth keeping if the process dies.
    [[nodiscard]] io::Dir make_transfer_dir(const std::string& name) const;
    // Creates the next pack in a transfer's directory, with a serial that nobody else gets.
    [[nodiscard]] std::unique_ptr<PackWriter> new_pack(const std::shared_ptr<io::Dir>& dir) const;
    // Ends a transfer: its directory goes; whole packs in it are kept for the next pull of the name if `keep`.
    void end_transfer(const io::Dir& dir, bool keep) const;
    // Does the same for transfers whose process is gone, and removes temporary files that were left half written.
    void sweep() const;
    // Removes packs that were kept for a next pull that has not come for stale_partial_seconds. Gives their bytes.
    std::uint64_t drop_stale_partial(UtcTime now) const;
    // Packs that were kept: where they are, and their indexes. Damaged ones are left out.
    [[nodiscard]] std::vector<std::shared_ptr<PackIndex>> partial_packs(const std::string& name) const;
    // Moves them into a transfer's directory; they are part of that transfer from then on.
    [[nodiscard]] std::vector<std::shared_ptr<PackIndex>> adopt_partial(const std::string& name,
                                                                      const std::shared_ptr<io::Dir>& dir) const;

    // Serials below it are never given again, whatever packs are removed.
    void raise_serial_floor(std::uint64_t next) const;

    void release_reserve() const;
    void restore_reserve() const;

private:
    [[nodiscard]] std::uint64_t serial_floor() const;
    [[nodiscard]] std::uint64_t next_serial() const;
    void for_directories(const std::function<void(const io::Dir&)>& f) const;
    void visit_serials(const io::Dir& dir, std::uint64_t& next) const;
    [[nodiscard]] bool add_indexes(Index& index, std::set<std::uint64_t>& known, std::vector<IndexFault>* faults) const;
    void end_transfer_locked(const std::string& dir_name, bool keep) const;
    // Moves on what a publication that failed or was killed left half way: indexes in `dir` whose packs are in
    // packs/ already. Nothing need refer to them; but what has arrived is not sent again.
    void finish_publication(const io::Dir& dir) const;

    io::Dir root_;
    StoreConfig config_;
    std::uint64_t reserve_bytes_ = 0;
    std::shared_ptr<io::Dir> packs_;
    io::Dir indexes_, names_;
};

[[nodiscard]] bool valid_name(std::string_view name);

} // namespace rs::store
