// SPDX-License-Identifier: Apache-2.0
#include "elect/held.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/fields.hpp"
#include "base/text.hpp"

namespace rs::elect {

using namespace failover;

namespace {

constexpr std::size_t most_bytes = 4096; // of either file

// Empty if there is no such file.
std::string text_of(const io::Dir& dir, const std::string& name) {
    const io::Fd fd = io::try_open_at(dir, name);
    if (!fd) return {};
    return std::string(as_text(io::read_file(fd.get(), most_bytes, dir.name_of(name))));
}

bool answer(std::string_view value, std::string_view key) {
    if (value != "yes" && value != "no") fail(Exit::data, cat(key, ": neither yes nor no"));
    return value == "yes";
}

} // namespace

Held parse_held(std::string_view text) {
    Held held;
    if (text.empty()) return held;
    const auto generation = Generation::parse(take_field(text, "generation", "held"));
    if (!generation) fail(Exit::data, "generation: not EPOCH.COUNTER");
    held.generation = *generation;
    held.imported = answer(take_field(text, "imported", "held"), "imported");
    held.checked = answer(take_field(text, "checked", "held"), "checked");
    const std::string_view digest = take_field(text, "digest", "held");
    if (!is_digest(digest)) fail(Exit::data, "digest: not 64 hexadecimal digits");
    held.digest = digest;
    if (!text.empty()) fail(Exit::data, "more lines than there are");
    if (held.checked && !held.imported) fail(Exit::data, "checked, but not imported");
    return held;
}

std::uint64_t parse_epoch(std::string_view text) {
    if (text.empty()) return 0;
    if (text.ends_with('\n')) text.remove_suffix(1);
    const auto epoch = parse_u64(text);
    if (!epoch || *epoch > max_generation_part) fail(Exit::data, "no number of an epoch");
    return *epoch;
}

Held read_held(const io::Dir& state) {
    try {
        return parse_held(text_of(state, "held"));
    } catch (const Error& e) {
        throw e.within(printable(state.name_of("held")));
    }
}

std::uint64_t read_epoch(const io::Dir& state) {
    try {
        return parse_epoch(text_of(state, "epoch"));
    } catch (const Error& e) {
        throw e.within(printable(state.name_of("epoch")));
    }
}

std::uint64_t read_leads(const io::Dir& state) {
    const std::string takeover = text_of(state, "takeover");
    if (io::try_open_at(state, "superseded") ||
        (!takeover.empty() && cat("\n", takeover).find("\nstep done\n") == std::string::npos))
        return 0;
    try {
        return parse_epoch(text_of(state, "leads"));
    } catch (const Error& e) {
        throw e.within(printable(state.name_of("leads")));
    }
}

bool in_maintenance(const Config& config) {
    return !config.maintenance.empty() && ::access(config.maintenance.c_str(), F_OK) == 0;
}

Bid bid_of(const Config& config, const Held& held, std::uint64_t epoch, bool maintenance) {
    Bid bid;
    bid.instance = config.instance;
    bid.number = config.number;
    bid.epoch = std::max(epoch, held.generation.epoch);
    bid.generation = held.generation;
    bid.imported = held.imported;
    bid.checked = held.checked;
    bid.digest = held.digest;
    bid.priority = config.priority;
    bid.maintenance = maintenance;
    return bid;
}

} // namespace rs::elect
