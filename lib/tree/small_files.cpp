// SPDX-License-Identifier: Apache-2.0
#include "tree/small_files.hpp"

#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/file.hpp"
#include "io/sys.hpp"

namespace rs::tree {

namespace {
constexpr std::size_t max_waiting_files = 32; // each holds its directory open
constexpr std::size_t max_waiting_bytes = 8 << 20;
constexpr unsigned max_workers = 4;
} // namespace

void check_written(const chunk::Digest& written, const std::optional<chunk::Digest>& announced, const std::string& path) {
    if (!announced || written == *announced) return;
    fail(Exit::data, cat(printable(path), ": SHA-256 mismatch: want ", to_hex(as_text(*announced)), ", got ",
                         to_hex(as_text(written))),
         "the data was damaged between its source and here; nothing was changed");
}

SmallFiles::SmallFiles() : workers_(worker_count(max_workers)) { hashes_.resize(workers_.count()); }

SmallFiles::Outcome SmallFiles::make(const File& file, chunk::Sha256& hash) {
    hash.update(file.content);
    check_written(hash.finish(), file.sha256, file.path);
    const int dir = file.directory->get();
    const std::string name(stream::base_name(file.entry.path));
    io::Fd fd(io::sys::openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (!fd) fail_errno(Exit::cant_create, file.path, "create");
    io::write_all(fd.get(), file.content, file.path);
    Outcome out;
    for (std::string& what : write_metadata(dir, name, file.entry, fd.get(), file.owner, file.path))
        out.push_back({file.path, std::move(what)});
    io::close_checked(std::move(fd), file.path);
    for (std::string& what : file.directory->release()) out.push_back({file.directory_path, std::move(what)});
    return out;
}

void SmallFiles::settle_front() {
    Waiting first = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= first.bytes;
    Outcome refused = first.outcome.get();
    std::move(refused.begin(), refused.end(), std::back_inserter(refused_));
}

void SmallFiles::create(File&& file) {
    file.directory->hold();
    const std::size_t bytes = file.content.size();
    waiting_.push_back({workers_.submit([this, file = std::move(file)](unsigned thread) { return make(file, hashes_[thread]); }),
                        bytes});
    waiting_bytes_ += bytes;
    while (!waiting_.empty() &&
           (waiting_.size() > max_waiting_files || waiting_bytes_ > max_waiting_bytes ||
            waiting_.front().outcome.wait_for(std::chrono::seconds(0)) == std::future_status::ready))
        settle_front();
}

void SmallFiles::finish() {
    while (!waiting_.empty()) settle_front();
}

std::vector<Refused> SmallFiles::take_refused() { return std::exchange(refused_, {}); }

} // namespace rs::tree
