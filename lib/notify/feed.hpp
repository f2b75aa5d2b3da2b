// SPDX-License-Identifier: Apache-2.0
// The log of the runs of one program: a file with a row for each, one JSON object a line.
//
// One line a row, so that tail -n 1 is the last run whatever it printed (the original's rows of CSV span many lines, and a
// check of its last line saw the last line of an output). A row is written at once behind the others, under a lock, and
// made durable; readers leave out a last line that does not end. When there are twice as many rows as are to be kept the
// file is replaced by one with the newest: it never has to be rotated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "io/file.hpp"

namespace rs::notify {

enum class Outcome { ok, warned, failed };

struct Row {
    UtcTime time;           // of the end
    std::string title;      // what was run, for people
    Outcome outcome = Outcome::ok;
    int status = 0;         // exit status of the last try, 128 + signal
    unsigned tries = 1;
    double seconds = 0;     // all tries together
    std::string generation; // E.C, or empty
    std::string output;     // what it printed, its end if it was long
    std::string error;      // what we have to say of it, if anything
    std::string id;         // "urn:uuid:...", of its own

    [[nodiscard]] std::string json() const; // without the end of the line
    // Nothing if the line is no row.
    [[nodiscard]] static bool parse(std::string_view line, Row& out);
};

[[nodiscard]] std::string_view word_of(Outcome outcome); // "OK", "WARNING", "FAILURE"

// A row's id: a random UUID (RFC 4122 4.4).
[[nodiscard]] std::string new_row_id();

inline constexpr std::size_t max_row_output_bytes = 16 << 10; // of Row::output
inline constexpr std::size_t max_feed_bytes = 256 << 20;      // of a file that is read
inline constexpr std::size_t default_kept_rows = 1000;

// Appends a row, and keeps the newest `kept` rows at least. The file is made if it is not there (0600).
void append_row(const std::string& path, const Row& row, std::size_t kept = default_kept_rows);

struct Feed {
    std::vector<Row> rows;       // oldest first
    std::size_t damaged_lines = 0; // that are no row
    bool last_damaged = false;     // the newest line is one of them
    UtcTime since;                 // last change of the file, or of the directory in which it is not yet
};

// Missing: Error(Exit::no_input). An empty file is an empty feed.
[[nodiscard]] Feed read_feed(const std::string& path);
// The same, but one that is missing is empty: nothing has run yet.
[[nodiscard]] Feed read_feed_or_none(const std::string& path);

// What a promise wants to know.
struct Health {
    enum class State { none, ok, failed, stalled } state = State::none;
    std::string text; // a line for people
};
// Of the last row: failed if it did, or if it is damaged (what a crash has left of an older one is no alarm for ever); stalled if
// the last one that did not fail is older than max_age_seconds (0: any age is right), or more than five minutes in the future: it
// would hide until then that nothing happens. An empty feed is `none`, and stalled in the end.
[[nodiscard]] Health health_of(const Feed& feed, UtcTime now, std::uint64_t max_age_seconds);

} // namespace rs::notify
