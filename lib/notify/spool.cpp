// SPDX-License-Identifier: Apache-2.0
#include "notify/spool.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>

#include "base/text.hpp"
#include "io/lock.hpp"

namespace rs::notify {

namespace {

constexpr std::size_t max_entry_bytes = 64 << 10;

// The first 128 bits of SHA-256: a target can be any text, a file's name cannot.
std::string file_of(const std::string& target, const std::string& id) {
    const std::string text = cat(target, "\n", id);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const int done = ::EVP_Digest(text.data(), text.size(), out, &size, ::EVP_sha256(), nullptr);
    RS_ASSERT(done == 1);
    return to_hex({reinterpret_cast<const char*>(out), 16});
}

io::Lock lock(const io::Dir& dir) { return io::Lock::wait_at(dir, ".lock", io::LockMode::exclusive); }

} // namespace

Spool Spool::open(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail_errno(Exit::cant_create, path, "create the spool");
    return Spool(io::open_dir(path));
}

std::optional<Spool::Entry> Spool::load(const std::string& file) const {
    if (!io::exists_at(dir_, file)) return std::nullopt;
    const Buffer bytes = io::read_file_at(dir_, file, max_entry_bytes);
    const std::string_view text = as_text(bytes);
    const std::size_t line = text.find('\n');
    if (line == std::string_view::npos) return std::nullopt;
    Entry e;
    e.file = file;
    e.target = text.substr(0, line);
    e.text = text.substr(line + 1);
    try {
        check_target(e.target);
        e.notification = parse_notification(e.text, nullptr);
    } catch (const Error&) {
        return std::nullopt;
    }
    return e;
}

void Spool::keep(const std::string& target, const Notification& n, const std::string& text) {
    const io::Lock held = lock(dir_);
    const std::string file = file_of(target, n.id());
    if (const auto old = load(file); old && old->notification.generation > n.generation) return;
    // Its time is that of the first one: since when this target has not been told, whatever was to be told.
    struct stat before {};
    const bool again = ::fstatat(dir_.get(), file.c_str(), &before, AT_SYMLINK_NOFOLLOW) == 0;
    io::write_file_atomic(dir_, file, as_bytes(cat(target, "\n", text)));
    const timespec times[2] = {{0, UTIME_OMIT}, before.st_mtim};
    if (again && ::utimensat(dir_.get(), file.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
        fail_errno(Exit::io, dir_.name_of(file), "set its time");
}

void Spool::delivered(const std::string& target, const Notification& n) {
    const io::Lock held = lock(dir_);
    const std::string file = file_of(target, n.id());
    if (const auto old = load(file); old && old->notification.generation <= n.generation) io::unlink_at(dir_, file);
}

std::vector<Spool::Entry> Spool::entries(std::vector<std::string>* damaged) const {
    std::vector<Entry> out;
    for (const std::string& name : io::list_dir(dir_)) {
        if (name.starts_with('.')) continue;
        if (auto entry = load(name))
            out.push_back(std::move(*entry));
        else if (damaged != nullptr && io::exists_at(dir_, name))
            damaged->push_back(dir_.name_of(name));
    }
    return out;
}

std::vector<Undelivered> send_to_all(const std::vector<std::string>& targets, const Notification& n, const std::string& text,
                                     const TransportOptions& options, Spool* spool) {
    std::vector<Undelivered> out;
    for (const std::string& target : targets) {
        try {
            deliver(target, text, options);
            if (spool != nullptr) spool->delivered(target, n);
        } catch (const Interrupted&) {
            throw;
        } catch (const Error& e) {
            out.push_back({target, e});
            if (spool != nullptr && e.code() != Exit::data && e.code() != Exit::usage) spool->keep(target, n, text);
        }
    }
    return out;
}

std::vector<Undelivered> send_again(Spool& spool, const TransportOptions& options) {
    std::vector<Undelivered> out;
    for (const Spool::Entry& e : spool.entries()) {
        auto failed = send_to_all({e.target}, e.notification, e.text, options, &spool);
        // What is refused will be refused again.
        for (const Undelivered& u : failed)
            if (u.why.code() == Exit::data) spool.delivered(e.target, e.notification);
        std::ranges::move(failed, std::back_inserter(out));
    }
    return out;
}

} // namespace rs::notify
