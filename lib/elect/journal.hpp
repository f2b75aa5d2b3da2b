// SPDX-License-Identifier: Apache-2.0
// The log of one instance: why it did what it did, for whoever asks later.
//
//   2026-11-26T22:19:13Z epoch 3 suspecting: the lease of the leader has run out
//
// The wall clock is for people, as everywhere. At most two files are kept, FILE and FILE.1, of a mebibyte each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "failover/machine.hpp"

namespace rs::elect {

struct Entry {
    UtcTime time;
    std::uint64_t epoch = 0;
    std::string role; // word of it
    std::string text;
};

[[nodiscard]] std::string format_entry(const Entry& entry); // without the end of the line
// Nothing if the line is none.
[[nodiscard]] std::optional<Entry> parse_entry(std::string_view line);

class Journal {
public:
    using Print = std::function<void(const std::string& line)>;

    // path: empty: none. print: gets each line as well.
    Journal(std::string path, Print print) : path_(std::move(path)), print_(std::move(print)) {}

    // A log that cannot be written is told once, and stops nothing.
    void add(std::uint64_t epoch, failover::Role role, const std::string& text);
    // The same, unless it was said within the last minute.
    void add_once(std::uint64_t epoch, failover::Role role, const std::string& text);

private:
    void write(const std::string& line);

    std::string path_;
    Print print_;
    std::vector<std::pair<std::string, failover::Time>> recent_;
    bool told_ = false;
};

// What there was to say until `time`: the newest `most` of it, oldest first. Error(Exit::no_input) if there is no log.
[[nodiscard]] std::vector<Entry> entries_until(const std::string& path, UtcTime time,
                                               std::size_t most);

} // namespace rs::elect
