// SPDX-License-Identifier: Apache-2.0
#include "elect/answers.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/fields.hpp"
#include "base/text.hpp"

namespace rs::elect {

using namespace failover;

namespace {

// The coordinator's words of an instance are a little wider than ours: such a name is none of the set.
constexpr std::size_t longest_name = 128;

// Takes a line off the front.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) fail(Exit::data, "its last line does not end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

// Takes the word in front of the first blank.
std::string_view take_word(std::string_view& line) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, blank);
    line.remove_prefix(std::min(blank + 1, line.size()));
    return word;
}

std::uint64_t number_of(std::string_view text, std::string_view what) {
    const auto number = parse_u64(text);
    if (!number || *number > max_generation_part) fail(Exit::data, cat(what, ": no number"));
    return *number;
}

std::string name_of(std::string_view text, std::string_view what) {
    if (text.empty() || text.size() > longest_name ||
        text.find_first_of(" \t") != std::string_view::npos)
        fail(Exit::data, cat(what, ": no name"));
    return printable(text);
}

} // namespace

Sight parse_sight(std::string_view text) {
    Sight sight;
    std::string phase;
    bool aged = false, numbered = false;
    while (!text.empty()) {
        std::string_view value = take_line(text);
        const std::string_view key = take_word(value);
        if (key == "epoch")
            sight.view.epoch = number_of(value, key), numbered = true;
        else if (key == "leader")
            sight.leader = name_of(value, key);
        else if (key == "holder")
            sight.holder = name_of(value, key);
        else if (key == "phase")
            phase = value;
        else if (key == "age")
            sight.view.since_takeover =
                std::chrono::seconds(std::min<std::uint64_t>(number_of(value, key), 1U << 30)),
            aged = true;
        else
            fail(Exit::data, cat("a line '", printable(key), "', which is none"));
    }
    if (!numbered) fail(Exit::data, "no epoch");
    if (phase != "taking" && phase != "leading" && phase != "released" && !phase.empty())
        fail(Exit::data, "phase: none that there is");
    sight.view.held = !sight.leader.empty();
    if (sight.view.held && sight.holder.empty()) sight.holder = sight.leader;
    // Nothing is known of an epoch that nobody has begun, or that a person has written: it blocks nothing.
    sight.view.finished = phase == "leading" || phase == "released";
    if (!aged) sight.view.since_takeover = std::chrono::hours(24 * 366);
    return sight;
}

std::uint64_t parse_acquired(std::string_view text) {
    const std::uint64_t epoch = number_of(take_field(text, "epoch", "acquired"), "epoch");
    if (!text.empty()) fail(Exit::data, "more than an epoch");
    return epoch;
}

std::vector<Proof> parse_proofs(std::string_view text, const std::string& store) {
    std::vector<Proof> proofs;
    while (!text.empty()) {
        std::string_view rest = take_line(text);
        const auto generation = Generation::parse(take_word(rest));
        const std::string_view digest = take_word(rest);
        if (!generation || !is_digest(digest) || !is_word(rest))
            fail(Exit::data, "a line is not GENERATION DIGEST NAME");
        if (proofs.size() == max_proofs) fail(Exit::data, cat("more than ", max_proofs, " proofs"));
        proofs.push_back({store, *generation, std::string(digest)});
    }
    return proofs;
}

Bid parse_bid_of(const Peer& peer, std::string_view text) {
    Bid bid = parse_bid(text);
    if (bid.instance != peer.name || bid.number != peer.number)
        fail(Exit::data, cat("bid of ", bid.instance, ", number ", bid.number, ", where that of ",
                             peer.name, ", number ", peer.number, ", was asked for"));
    return bid;
}

} // namespace rs::elect
