// SPDX-License-Identifier: Apache-2.0
#include "store/select.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

GenerationFile select_generation(const Store& store, const std::string& name, const std::string& which, UtcTime now) {
    const auto dir = store.open_name(name);
    if (!dir) {
        std::string known;
        for (const std::string& n : store.names()) known += (known.empty() ? "" : ", ") + n;
        fail(Exit::no_input, cat(printable(store.path()), ": has no name '", printable(name), "'"),
             known.empty() ? "it is empty" : cat("it has ", known));
    }
    const std::vector<Generation> all = list_generations(*dir, Line::main);
    const auto missing = [&](const std::string& what) {
        fail(Exit::no_input, cat(name, ": ", what),
             all.empty() ? "there is none yet" : cat("there are ", all.front().str(), " to ", all.back().str(), ", see 'rs-store list'"));
    };
    std::string_view text = which;
    Line line = Line::main;
    if (text.starts_with("branch/")) {
        text.remove_prefix(7);
        line = Line::branch;
    }
    if (const auto id = Generation::parse(text)) {
        auto found = try_load_generation(*dir, *id, line);
        if (!found) missing(cat("no generation ", printable(which)));
        return std::move(*found);
    }
    if (which == "latest") {
        if (all.empty()) missing("no generation");
        for (auto id = all.rbegin(); id != all.rend(); ++id)
            if (auto found = try_load_generation(*dir, *id, Line::main)) return std::move(*found);
        missing("no generation");
    }
    auto limit = parse_utc(which);
    if (const auto age = limit ? std::nullopt : parse_age(which))
        limit = UtcTime{now.seconds - static_cast<std::int64_t>(std::min<std::uint64_t>(*age, INT64_MAX / 2)), now.nanoseconds};
    if (!limit)
        fail(Exit::usage, cat("'", printable(which), "': not a generation"),
             "give latest, E.C, a time such as 2026-11-20T12:00, or an age such as 3D");
    for (auto id = all.rbegin(); id != all.rend(); ++id) {
        auto found = try_load_generation(*dir, *id, Line::main);
        if (found && UtcTime{found->header.time.seconds, found->header.time.nanoseconds} <= *limit) return std::move(*found);
    }
    missing(cat("no generation as old as ", printable(which)));
    fail(Exit::software, "unreachable");
}

} // namespace rs::store
