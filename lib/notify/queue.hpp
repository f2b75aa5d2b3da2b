// SPDX-License-Identifier: Apache-2.0
// What is to be done because of notifications: a directory that a crash leaves whole.
//
//   items/SOURCE:NAME:PROGRAM   one for each program that hears of SOURCE:NAME: what is wanted, what is done, what failed
//   callbacks/SOURCE:NAME       who hears of it; not ours: a directory, or a link to one, or not there
//   counters                    what was accepted and refused
//   lock                        held while one of them is changed
//   worker.lock                 held by who does the work
//
// A program is asked for the newest generation only: a newer notification takes the place of an older one. Order is that of
// generations, never of a clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "io/file.hpp"
#include "io/lock.hpp"
#include "notify/notification.hpp"

namespace rs::notify {

struct Item {
    std::string program; // absolute
    std::string source, name;
    Generation wanted;   // none: nothing to do
    UtcTime since;       // since when it has wanted something that it has not, also after it was given up; 0: not known
    std::string digest;  // of the wanted one
    Generation done;     // the newest that was
    unsigned tries = 0;  // that have failed since it was wanted
    UtcTime retry;       // not before; looked at only while tries > 0
    bool given_up = false;
    int status = 0;             // of the last try
    std::uint64_t sequence = 0; // of its notification: who came first is served first

    [[nodiscard]] std::string key() const;
    [[nodiscard]] bool waiting() const { return wanted && !given_up; }
    // A time that lies further ahead than any back-off is one of a clock that was wrong.
    [[nodiscard]] bool due(UtcTime now, std::uint64_t max_backoff_seconds) const;
    // Since when it could have been done: it was told, or its back-off has ended; 0: not known.
    [[nodiscard]] UtcTime due_since() const { return tries > 0 && retry > since ? retry : since; }
};

enum class Answer {
    accepted, // queued durably
    known,    // done already, or queued already, or older than that: nothing to do
};

// Programs that hear of an id, from the file of its name in a directory: absolute paths, one a line; # begins a comment.
// No such file: nothing. Two of the same last name, or a path that is not absolute: Error(Exit::config).
[[nodiscard]] std::optional<std::vector<std::string>> callbacks_of(const std::string& directory, const std::string& id);

class Queue {
public:
    // Made if it is not there (its parent must be).
    [[nodiscard]] static Queue open(const std::string& path);

    // When it returns, this is on disk for each of the programs.
    [[nodiscard]] Answer accept(const Notification& n, const std::vector<std::string>& programs);
    // Counts what was not accepted: "forged", "foreign", "malformed".
    void refuse(const std::string& why);

    // All of them, by their sequence. A damaged file is left out, and named in `damaged`.
    [[nodiscard]] std::vector<Item> items(std::vector<std::string>* damaged = nullptr) const;
    // What has come of a try of `item` (as items() gave it). `retry_after`: seconds until the next; nothing: given up.
    // Gives what is there now: there may be a newer one, for which nothing has failed yet.
    Item finish(const Item& item, int status, std::optional<std::uint64_t> retry_after);
    // Makes those that were given up, or have to wait, due now. Returns how many.
    std::size_t retry_all();
    // Of a program that has gone.
    void remove(const Item& item);

    // accepted, known, forged, foreign, malformed, sequence.
    [[nodiscard]] std::map<std::string, std::uint64_t> counters() const;

    // Nothing: another works.
    [[nodiscard]] std::optional<io::Lock> try_work() const;
    // Waits until no other one does.
    [[nodiscard]] io::Lock wait_work() const;
    [[nodiscard]] const io::Dir& items_dir() const { return items_; }
    [[nodiscard]] const std::string& path() const { return dir_.path; }

private:
    Queue(io::Dir dir, io::Dir items) : dir_(std::move(dir)), items_(std::move(items)) {}
    [[nodiscard]] io::Lock lock() const;
    [[nodiscard]] std::optional<Item> load(const std::string& key) const;
    void save(const Item& item) const;
    void count(std::map<std::string, std::uint64_t>& counters, const std::string& what) const;

    io::Dir dir_, items_;
};

} // namespace rs::notify
