// SPDX-License-Identifier: Apache-2.0
#include "elect/journal.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "base/error.hpp"
#include "base/text.hpp"
#include "elect/task.hpp"
#include "failover/words.hpp"
#include "io/file.hpp"

namespace rs::elect {

using namespace std::chrono_literals;

namespace {

constexpr off_t most_log_bytes = 1 << 20;
constexpr Time quiet = 60s;             // after it the same may be said again
constexpr std::size_t most_recent = 64; // different lines that are remembered for that

// Takes the word in front of the first blank.
std::string_view take_word(std::string_view& line) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, blank);
    line.remove_prefix(std::min(blank + 1, line.size()));
    return word;
}

void add_entries(const std::string& path, UtcTime time, std::vector<Entry>& out) {
    const io::Fd fd = io::open_file(path);
    const Buffer bytes = io::read_file(fd.get(), 2 * most_log_bytes, path);
    std::string_view text = as_text(bytes);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (auto entry = parse_entry(text.substr(0, end)); entry && entry->time <= time)
            out.push_back(std::move(*entry));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

} // namespace

std::string format_entry(const Entry& e) {
    return cat(format_utc(e.time), " epoch ", e.epoch, " ", e.role, ": ", printable_line(e.text));
}

std::optional<Entry> parse_entry(std::string_view line) {
    Entry entry;
    const auto time = parse_utc(take_word(line));
    if (!time || take_word(line) != "epoch") return std::nullopt;
    const auto epoch = parse_u64(take_word(line));
    std::string_view role = take_word(line);
    if (!epoch || !role.ends_with(':')) return std::nullopt;
    role.remove_suffix(1);
    return Entry{*time, *epoch, std::string(role), std::string(line)};
}

void Journal::add(std::uint64_t epoch, failover::Role role, const std::string& text) {
    write(format_entry({now_utc(), epoch, std::string(word(role)), text}));
}

void Journal::add_once(std::uint64_t epoch, failover::Role role, const std::string& text) {
    const Time now = boot_time();
    std::erase_if(recent_, [&](const auto& said) { return now - said.second >= quiet; });
    if (std::ranges::any_of(recent_, [&](const auto& said) { return said.first == text; })) return;
    if (recent_.size() >= most_recent) recent_.erase(recent_.begin());
    recent_.emplace_back(text, now);
    add(epoch, role, text);
}

void Journal::write(const std::string& line) {
    print_(line);
    if (path_.empty()) return;
    try {
        // Opened for each line: the file may be rotated at any time.
        const io::Fd fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
        if (!fd) fail_errno(Exit::cant_create, path_, "open the log");
        io::write_all(fd.get(), as_bytes(line + "\n"), path_);
        if (io::stat_fd(fd.get(), path_).st_size >= most_log_bytes)
            std::rename(path_.c_str(), (path_ + ".1").c_str());
    } catch (const Error& e) {
        if (!told_) print_(cat("the log cannot be written: ", e.what()));
        told_ = true;
    }
}

std::vector<Entry> entries_until(const std::string& path, UtcTime time, std::size_t most) {
    std::vector<Entry> entries;
    struct stat there {};
    if (::stat((path + ".1").c_str(), &there) == 0) add_entries(path + ".1", time, entries);
    if (entries.empty() || ::stat(path.c_str(), &there) == 0) add_entries(path, time, entries);
    if (entries.size() > most)
        entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(most));
    return entries;
}

} // namespace rs::elect
