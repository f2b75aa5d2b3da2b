// SPDX-License-Identifier: Apache-2.0
#include "notify/feed.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/lock.hpp"
#include "io/sys.hpp"

namespace rs::notify {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<Outcome, std::string_view> outcomes[] = {
    {Outcome::ok, "OK"}, {Outcome::warned, "WARNING"}, {Outcome::failed, "FAILURE"}};

struct Place {
    io::Dir dir;
    std::string name;
};

Place place_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string dir = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.empty()) fail(Exit::usage, cat(printable(path), ": not the name of a feed"));
    return {io::open_dir(dir), name};
}

// The text up to its last end of line, and without it.
std::string_view whole_lines(std::string_view text) {
    const std::size_t end = text.rfind('\n');
    return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
}

// Calls `take` with each line.
template <class F>
void each_line(std::string_view text, const F& take) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        take(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
}

// The newest `kept` rows take the place of the file, once there are twice as many.
void trim(const Place& place, int fd, std::size_t kept) {
    const Buffer bytes = io::read_file(fd, max_feed_bytes, place.dir.name_of(place.name));
    const std::string_view text = whole_lines(as_text(bytes));
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    if (lines < 2 * kept) return;
    std::size_t from = 0;
    for (std::size_t i = 0; i < lines - kept; ++i) from = text.find('\n', from) + 1;
    io::write_file_atomic(place.dir, place.name, as_bytes(text.substr(from)));
}

// The file, locked, and the one that its name says: it may be replaced while we wait.
io::Lock open_locked(const Place& place) {
    const std::string path = place.dir.name_of(place.name);
    for (;;) {
        io::Fd fd(io::sys::openat(place.dir.get(), place.name.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0600));
        if (!fd) fail_errno(Exit::cant_create, path, "open the feed");
        const struct stat opened = io::stat_fd(fd.get(), path);
        auto lock = io::Lock::try_fd(std::move(fd), io::LockMode::exclusive, path, 60);
        if (!lock) fail(Exit::temp_fail, cat(printable(path), ": locked by another process for a minute"));
        struct stat named {};
        if (::fstatat(place.dir.get(), place.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
            named.st_ino == opened.st_ino && named.st_dev == opened.st_dev)
            return std::move(*lock);
    }
}

std::string text_of(const Json& j, const char* key) {
    const auto found = j.find(key);
    return found != j.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double number_of(const Json& j, const char* key, double otherwise) {
    const auto found = j.find(key);
    return found != j.end() && found->is_number() ? found->get<double>() : otherwise;
}

} // namespace

std::string_view word_of(Outcome outcome) {
    for (const auto& [o, word] : outcomes)
        if (o == outcome) return word;
    return "FAILURE";
}

std::string new_row_id() {
    std::array<std::byte, 16> bytes{};
    io::random_bytes(bytes);
    bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40}; // version 4
    bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80}; // variant of RFC 4122
    const std::string hex = to_hex(as_text(bytes));
    return cat("urn:uuid:", hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
               hex.substr(20));
}

std::string Row::json() const {
    Json j;
    j["time"] = format_utc(time);
    j["status"] = word_of(outcome);
    j["title"] = title;
    if (!generation.empty()) j["generation"] = generation;
    j["exit"] = status;
    j["tries"] = tries;
    j["seconds"] = std::round(seconds * 1000) / 1000;
    if (!error.empty()) j["error"] = error;
    j["output"] = output;
    j["id"] = id;
    return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool Row::parse(std::string_view line, Row& out) {
    const Json j = Json::parse(line, nullptr, false);
    if (!j.is_object()) return false;
    const auto time = parse_utc(text_of(j, "time"));
    const std::string status = text_of(j, "status");
    const auto outcome = std::ranges::find_if(outcomes, [&](const auto& o) { return o.second == status; });
    if (!time || outcome == std::end(outcomes)) return false;
    out = Row{*time, text_of(j, "title"), outcome->first, static_cast<int>(number_of(j, "exit", 0)),
              static_cast<unsigned>(std::max(0.0, number_of(j, "tries", 1))), number_of(j, "seconds", 0),
              text_of(j, "generation"), text_of(j, "output"), text_of(j, "error"), text_of(j, "id")};
    return true;
}

void append_row(const std::string& path, const Row& row, std::size_t kept) {
    RS_ASSERT(kept > 0);
    const Place place = place_of(path);
    const io::Lock lock = open_locked(place);
    const struct stat before = io::stat_fd(lock.fd(), path);
    std::string line = row.json() + "\n";
    // What a crash has left of a row becomes a line of its own, and does not damage this one.
    char last = '\n';
    if (before.st_size > 0)
        io::pread_exact(lock.fd(), std::as_writable_bytes(std::span(&last, 1)), static_cast<std::uint64_t>(before.st_size) - 1, path);
    if (last != '\n') line.insert(0, "\n");
    io::write_all(lock.fd(), as_bytes(line), path);
    io::sync_fd(lock.fd(), path);
    if (before.st_size == 0) io::sync_dir(place.dir);
    // A row of a small file has 200 bytes at least: not read for nothing.
    if (static_cast<std::size_t>(before.st_size) < 2 * kept * 100) return;
    const io::Fd again = io::open_at(place.dir, place.name);
    trim(place, again.get(), kept);
}

Feed read_feed(const std::string& path) {
    const io::Fd fd = io::open_file(path);
    const Buffer bytes = io::read_file(fd.get(), max_feed_bytes, path);
    Feed out;
    out.since = {io::stat_fd(fd.get(), path).st_mtim.tv_sec, 0};
    each_line(whole_lines(as_text(bytes)), [&](std::string_view line) {
        Row row;
        if (line.empty()) return;
        out.last_damaged = !Row::parse(line, row);
        if (out.last_damaged)
            ++out.damaged_lines;
        else
            out.rows.push_back(std::move(row));
    });
    return out;
}

Feed read_feed_or_none(const std::string& path) {
    const Place place = place_of(path);
    if (io::exists_at(place.dir, place.name)) return read_feed(path);
    Feed out;
    out.since = {io::stat_fd(place.dir.get(), path).st_mtim.tv_sec, 0};
    return out;
}

// As far as clocks of one computer differ from one another by being set.
constexpr std::int64_t max_ahead_seconds = 300;

Health health_of(const Feed& feed, UtcTime now, std::uint64_t max_age_seconds) {
    const auto too_old = [&](UtcTime time) {
        return max_age_seconds != 0 && now.seconds > time.seconds &&
               static_cast<std::uint64_t>(now.seconds - time.seconds) > max_age_seconds;
    };
    if (feed.last_damaged) return {Health::State::failed, "failed: its last line is damaged"};
    if (feed.rows.empty()) {
        if (too_old(feed.since)) return {Health::State::stalled, cat("stalled: nothing has ever run, since ", format_utc(feed.since))};
        return {Health::State::none, "nothing has run yet"};
    }
    const Row& last = feed.rows.back();
    const auto when = [&](const Row& row) {
        const auto age = static_cast<double>(std::max<std::int64_t>(0, now.seconds - row.time.seconds));
        return cat(format_utc(row.time), ", ", human_seconds(age), " ago");
    };
    const std::string what = cat(last.title, last.generation.empty() ? "" : " ", last.generation, " (", when(last), ")");
    if (last.outcome == Outcome::failed)
        return {Health::State::failed,
                cat("failed: ", what, ": status ", last.status, last.error.empty() ? "" : ": ", last.error)};
    if (too_old(last.time))
        return {Health::State::stalled, cat("stalled: ", what, ": nothing since, and the limit is ",
                                            human_seconds(static_cast<double>(max_age_seconds)))};
    if (max_age_seconds != 0 && last.time.seconds > now.seconds + max_ahead_seconds)
        return {Health::State::stalled, cat("stalled: ", what, ": that is in the future, so nobody knows whether anything has run since; which clock is wrong?")};
    return {Health::State::ok, cat(last.outcome == Outcome::warned ? "WARNING: " : "OK: ", what)};
}

} // namespace rs::notify
