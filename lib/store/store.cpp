// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"

namespace rs::store {

namespace {

constexpr const char* config_name = "rs-store";
constexpr const char* floor_name = "serial";
constexpr const char* reserve_name = "reserve";

template <std::size_t N>
std::string hex(const std::array<std::byte, N>& bytes) {
    return to_hex(as_text(bytes));
}

template <std::size_t N>
bool read_hex(std::string_view text, std::array<std::byte, N>& out) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != N) return false;
    std::memcpy(out.data(), bytes->data(), N);
    return true;
}

void write_reserve(const io::Dir& root, std::uint64_t bytes) {
    if (bytes == 0) return;
    const io::Fd fd(io::sys::openat(root.get(), reserve_name, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600));
    if (!fd) fail_errno(Exit::cant_create, root.name_of(reserve_name), "create");
    // Smaller: whoever made it was stopped on the way.
    if (static_cast<std::uint64_t>(io::stat_fd(fd.get(), root.name_of(reserve_name)).st_size) >= bytes) return;
    if (io::sys::fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes)) == 0) return;
    const int err = errno;
    ::unlinkat(root.get(), reserve_name, 0);
    // A file system that cannot set blocks aside has no use for a reserve.
    if (err != EOPNOTSUPP) fail_errno(Exit::io, root.name_of(reserve_name), "set blocks aside", err);
}

} // namespace

bool valid_name(std::string_view name) {
    if (name.empty() || name.size() > 200 || name.front() == '.' || name.front() == '-') return false;
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-' || c == '@' || c == '+' || c == ':' || c == ',';
    });
}

void Store::init(const std::string& path, std::uint64_t reserve_bytes, const std::optional<chunk::Key>& key) {
    bool made = false;
    if (io::sys::mkdirat(AT_FDCWD, path.c_str(), 0700) == 0)
        made = true;
    else if (errno != EEXIST)
        fail_errno(Exit::cant_create, path, "create directory");
    io::Dir root;
    try {
        root = io::open_dir(path);
    } catch (const Error& e) {
        throw Error(Exit::cant_create, e.what());
    }
    if (!made) {
        if (io::exists_at(root, config_name))
            fail(Exit::cant_create, cat(printable(path), ": is a store already"), "use it as it is, or choose another directory");
        if (!io::list_dir(root).empty())
            fail(Exit::cant_create, cat(printable(path), ": is not empty"), "a new store needs a directory of its own");
    }
    for (const char* const name : {"packs", "index", "names", "tmp", "partial"}) {
        const io::Dir dir = io::make_dir_at(root, name);
        io::sync_dir(dir);
    }
    StoreConfig config;
    io::random_bytes(config.id);
    if (key)
        config.key = *key;
    else
        io::random_bytes(config.key);
    write_reserve(root, reserve_bytes);
    // Last: a directory without it is no store, and init can be run again after the others are removed.
    io::write_file_atomic(root, config_name,
                          as_bytes(cat("rs-store 1\nid ", hex(config.id), "\nkey ", hex(config.key), "\nreserve ",
                                       reserve_bytes, "\n")));
    if (made) {
        const std::string parent = path.find('/') == std::string::npos ? "." : cat(path, "/..");
        io::sync_dir(io::open_dir(parent));
    }
}

Store::Store(const std::string& path) : root_(io::open_dir(path)) {
    Buffer raw;
    try {
        raw = io::read_file_at(root_, config_name, 4096);
    } catch (const Error& e) {
        if (e.code() != Exit::no_input) throw;
        fail(Exit::no_input, cat(printable(path), ": not a store"), cat("make one with 'rs-store init ", printable(path), "'"));
    }
    std::string_view text = as_text(raw);
    const auto bad = [&](std::string_view why) {
        fail(Exit::data, cat(printable(path), "/", config_name, ": ", why));
    };
    bool id = false, key = false, first = true;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) bad("truncated");
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        const auto space = line.find(' ');
        const std::string_view word = line.substr(0, space);
        const std::string_view value = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
        if (first) {
            if (word != "rs-store") bad("not the configuration of a store");
            if (value != "1") bad(cat("store version ", printable(value), ", this program reads version 1"));
            first = false;
        } else if (word == "id") {
            id = read_hex(value, config_.id);
        } else if (word == "key") {
            key = read_hex(value, config_.key);
        } else if (word == "reserve") {
            reserve_bytes_ = parse_u64(value).value_or(0);
        } else {
            bad(cat("unknown setting ", printable(word)));
        }
    }
    if (!id || !key) bad("lacks its id or its key");
    packs_ = std::make_shared<io::Dir>(io::open_dir_at(root_, "packs"));
    indexes_ = io::open_dir_at(root_, "index");
    names_ = io::open_dir_at(root_, "names");
}

namespace {
void require_name(const std::string& name) {
    if (valid_name(name)) return;
    fail(Exit::usage, cat("'", printable(name), "' cannot be the name of a service"),
         "use letters, digits and . _ - @ + : , with a letter or digit first");
}
} // namespace

std::vector<std::string> Store::names() const {
    std::vector<std::string> out = io::list_dir(names_);
    std::erase_if(out, [](const std::string& n) { return !valid_name(n); });
    return out;
}


std::optional<io::Dir> Store::open_name(const std::string& name) const {
    require_name(name);
    if (!io::exists_at(names_, name)) return std::nullopt;
    return io::open_dir_at(names_, name);
}

io::Dir Store::make_name(const std::string& name) const {
    require_name(name);
    if (io::exists_at(names_, name)) return io::open_dir_at(names_, name);
    io::Dir dir = io::make_dir_at(names_, name);
    io::sync_dir(names_);
    return dir;
}

// Adds those whose serial is not known. False: one of them vanished since the directory was listed. A prune has replaced
// it, and what it is now may not have been listed yet.
bool Store::add_indexes(Index& index, std::set<std::uint64_t>& known, std::vector<IndexFault>* faults) const {
    bool all = true;
    for (const std::string& name : io::list_dir(indexes_)) {
        const auto serial = serial_in_name(name, ".idx");
        if (!serial || known.contains(*serial)) continue;
        const auto report = [&](const std::string& what) {
            if (faults != nullptr) faults->push_back({*serial, what});
        };
        try {
            const io::Fd fd = io::try_open_at(indexes_, name);
            if (!fd) {
                all = false;
                continue;
            }
            known.insert(*serial);
            auto pack = std::make_shared<PackIndex>(fd.get(), indexes_.name_of(name), true);
            if (pack->serial() != *serial) {
                report(cat(printable(indexes_.name_of(name)), ": is the index of another pack"));
                continue;
            }
            pack->pack_dir = packs_;
            index.add(std::move(pack));
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw; // damaged: left out, a check reports it
            report(e.what());
        }
    }
    return all;
}

Index Store::load_index(std::vector<IndexFault>* faults) const {
    Index out;
    std::set<std::uint64_t> known;
    while (!add_indexes(out, known, faults)) {
    }
    return out;
}

void Store::visit_serials(const io::Dir& dir, std::uint64_t& next) const {
    for (const std::string& name : io::list_dir(dir)) {
        auto serial = serial_in_name(name, ".pack");
        if (!serial) serial = serial_in_name(name, ".idx");
        if (serial) next = std::max(next, *serial + 1);
    }
}

std::uint64_t Store::serial_floor() const {
    if (!io::exists_at(root_, floor_name)) return 1;
    const Buffer raw = io::read_file_at(root_, floor_name, 64);
    std::string_view text = as_text(raw);
    if (text.ends_with('\n')) text.remove_suffix(1);
    const auto floor = parse_u64(text);
    if (!floor || *floor > max_serial) fail(Exit::data, cat(printable(root_.name_of(floor_name)), ": not a serial number"));
    return *floor;
}

std::uint64_t Store::next_serial() const {
    std::uint64_t next = serial_floor();
    visit_serials(*packs_, next);
    visit_serials(indexes_, next);
    for (const char* const place : {"tmp", "partial"}) {
        const io::Dir dir = io::open_dir_at(root_, place);
        for (const std::string& name : io::list_dir(dir)) {
            try {
                visit_serials(io::open_dir_at(dir, name), next);
            } catch (const Error& e) {
                if (e.code() != Exit::no_input) throw; // a transfer that has ended since
            }
        }
    }
    if (next > max_serial) fail(Exit::software, "a store has no serial numbers left");
    return next;
}

void Store::raise_serial_floor(std::uint64_t next) const {
    if (serial_floor() >= next) return;
    io::write_file_atomic(root_, floor_name, as_bytes(cat(next, "\n")));
}

bool Store::refresh_index(Index& index) const {
    std::vector<std::uint64_t> gone;
    std::set<std::uint64_t> known;
    for (const auto& pack : index.packs()) {
        if (pack->pack_dir != packs_) continue; // of a transfer under way
        known.insert(pack->serial());
        if (!io::exists_at(indexes_, index_name(pack->serial()))) gone.push_back(pack->serial());
    }
    for (const std::uint64_t serial : gone) index.remove(serial);
    while (!add_indexes(index, known, nullptr)) {
    }
    return !gone.empty();
}

// The name of a transfer's directory ends with that of its service: "t<16 hex digits>~NAME".
io::Dir Store::make_transfer_dir(const std::string& name) const {
    const io::Dir tmp = io::open_dir_at(root_, "tmp");
    const io::Lock guard = lock(io::LockMode::exclusive); // a sweep must not find it unlocked
    io::Dir dir = io::make_dir_at(tmp, cat(io::random_name("t"), "~", name));
    // The lock lives on the directory itself: its descriptor is what the caller holds.
    if (::flock(dir.get(), LOCK_EX | LOCK_NB) != 0) fail_errno(Exit::io, dir.path, "lock");
    return dir;
}

void Store::finish_publication(const io::Dir& dir) const {
    std::vector<std::string> left;
    for (const std::string& file : io::list_dir(dir)) {
        const auto serial = serial_in_name(file, ".idx");
        if (serial && !io::exists_at(dir, pack_name(*serial)) && io::exists_at(*packs_, pack_name(*serial)))
            left.push_back(file);
    }
    if (left.empty()) return;
    io::sync_dir(*packs_); // an index never names a pack that a crash could take away
    for (const std::string& file : left) io::rename_at(dir, file, indexes_, file);
    io::sync_dir(indexes_);
}

void Store::end_transfer_locked(const std::string& dir_name, bool keep) const {
    const io::Dir tmp = io::open_dir_at(root_, "tmp");
    if (!io::exists_at(tmp, dir_name)) return;
    const io::Dir dir = io::open_dir_at(tmp, dir_name);
    finish_publication(dir);
    const auto tilde = dir_name.find('~');
    const std::string name = tilde == std::string::npos ? "" : dir_name.substr(tilde + 1);
    if (keep && valid_name(name)) {
        std::optional<io::Dir> place;
        for (const std::string& file : io::list_dir(dir)) {
            const auto serial = serial_in_name(file, ".idx");
            if (!serial) continue;
            if (!place) place = io::make_dir_at(io::open_dir_at(root_, "partial"), name);
            // The index last. Killed in between, the next sweep finds the pack where it was to go.
            if (io::exists_at(dir, pack_name(*serial)))
                io::rename_at(dir, pack_name(*serial), *place, pack_name(*serial));
            if (io::exists_at(*place, pack_name(*serial))) io::rename_at(dir, file, *place, file);
        }
        if (place) io::sync_dir(*place);
    }
    io::remove_tree_at(tmp, dir_name);
}

void Store::end_transfer(const io::Dir& dir, bool keep) const {
    const io::Lock guard = lock(io::LockMode::exclusive);
    end_transfer_locked(dir.path.substr(dir.path.rfind('/') + 1), keep);
}

// Of every directory in which a file gets its name by a rename.
void Store::for_directories(const std::function<void(const io::Dir&)>& f) const {
    f(root_);
    f(*packs_);
    f(indexes_);
    for (const std::string& name : names()) {
        const auto dir = open_name(name);
        if (!dir) continue;
        f(*dir);
        if (io::exists_at(*dir, "branch")) f(io::open_dir_at(*dir, "branch"));
    }
}

void Store::sweep() const {
    const io::Dir tmp = io::open_dir_at(root_, "tmp");
    bool leftovers = !io::list_dir(tmp).empty();
    const auto is_temporary = [](const std::string& file) { return file.starts_with(".tmp-"); };
    for_directories([&](const io::Dir& dir) {
        const std::vector<std::string> files = io::list_dir(dir);
        leftovers = leftovers || std::any_of(files.begin(), files.end(), is_temporary);
    });
    if (!leftovers) return;
    const io::Lock guard = lock(io::LockMode::exclusive);
    for (const std::string& name : io::list_dir(tmp)) {
        const int fd = io::sys::openat(tmp.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (fd < 0) continue; // gone, or nothing of ours
        const auto owner = io::Lock::try_fd(io::Fd(fd), io::LockMode::exclusive, tmp.name_of(name));
        if (!owner) continue;
        try {
            end_transfer_locked(name, true);
        } catch (const Error& e) {
            if (e.code() != Exit::io) throw;
            end_transfer_locked(name, false); // no room to keep what has arrived: it gives room instead
        }
    }
    // Whoever writes one holds the lock until it has its name: these belong to nobody.
    for_directories([&](const io::Dir& dir) {
        for (const std::string& file : io::list_dir(dir))
            if (is_temporary(file)) io::unlink_at(dir, file);
    });
}

std::uint64_t Store::drop_stale_partial(UtcTime now) const {
    std::uint64_t bytes = 0;
    const io::Dir partial = io::open_dir_at(root_, "partial");
    const std::vector<std::string> names = io::list_dir(partial);
    if (names.empty()) return 0;
    const io::Lock guard = lock(io::LockMode::exclusive);
    for (const std::string& name : names) {
        const io::Dir dir = io::open_dir_at(partial, name);
        std::int64_t newest = INT64_MIN;
        std::uint64_t size = 0;
        for (const std::string& file : io::list_dir(dir)) {
            const io::Fd fd = io::open_at(dir, file);
            const struct stat st = io::stat_fd(fd.get(), dir.name_of(file));
            newest = std::max<std::int64_t>(newest, st.st_mtim.tv_sec);
            size += static_cast<std::uint64_t>(st.st_size);
        }
        // A time in the future counts as now.
        if (newest != INT64_MIN && now.seconds - newest < stale_partial_seconds) continue;
        io::remove_tree_at(partial, name);
        bytes += size;
    }
    return bytes;
}

namespace {
std::vector<std::shared_ptr<PackIndex>> open_packs(const std::shared_ptr<io::Dir>& dir) {
    std::vector<std::shared_ptr<PackIndex>> out;
    for (const std::string& file : io::list_dir(*dir)) {
        const auto serial = serial_in_name(file, ".idx");
        if (!serial || !io::exists_at(*dir, pack_name(*serial))) continue;
        try {
            const io::Fd fd = io::open_at(*dir, file);
            auto pack = std::make_shared<PackIndex>(fd.get(), dir->name_of(file), true);
            if (pack->serial() != *serial) continue;
            pack->pack_dir = dir;
            out.push_back(std::move(pack));
        } catch (const Error& e) {
            if (e.code() != Exit::data && e.code() != Exit::no_input) throw;
        }
    }
    return out;
}
} // namespace

std::vector<std::shared_ptr<PackIndex>> Store::partial_packs(const std::string& name) const {
    require_name(name);
    const io::Dir partial = io::open_dir_at(root_, "partial");
    if (!io::exists_at(partial, name)) return {};
    return open_packs(std::make_shared<io::Dir>(io::open_dir_at(partial, name)));
}

std::vector<std::shared_ptr<PackIndex>> Store::adopt_partial(const std::string& name,
                                                             const std::shared_ptr<io::Dir>& dir) const {
    require_name(name);
    const io::Dir partial = io::open_dir_at(root_, "partial");
    if (!io::exists_at(partial, name)) return {};
    const io::Lock guard = lock(io::LockMode::exclusive);
    const io::Dir from = io::open_dir_at(partial, name);
    for (const std::string& file : io::list_dir(from))
        if (serial_in_name(file, ".idx") || serial_in_name(file, ".pack")) io::rename_at(from, file, *dir, file);
    return open_packs(dir);
}

std::unique_ptr<PackWriter> Store::new_pack(const std::shared_ptr<io::Dir>& dir) const {
    const io::Lock guard = lock(io::LockMode::exclusive);
    return std::make_unique<PackWriter>(dir, next_serial(), config_.id);
}

void Store::release_reserve() const { io::unlink_at(root_, reserve_name); }
void Store::restore_reserve() const { write_reserve(root_, reserve_bytes_); }

} // namespace rs::store
