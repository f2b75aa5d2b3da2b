// SPDX-License-Identifier: Apache-2.0
#include "failover/bid.hpp"

#include "base/error.hpp"
#include "base/fields.hpp"
#include "base/text.hpp"

namespace rs::failover {

namespace {

constexpr std::string_view first_line = "rs-bid 1\n", last_line = "end\n";

std::string_view yes_or_no(bool value) { return value ? "yes" : "no"; }

[[noreturn]] void malformed(std::string_view what) { fail(Exit::data, cat("bid: ", what)); }

std::string_view take(std::string_view& text, std::string_view key) { return take_field(text, key, "bid"); }

std::uint64_t take_number(std::string_view& text, std::string_view key, std::uint64_t most) {
    const std::string_view value = take(text, key);
    const auto number = parse_u64(value);
    // One number, one text: what is compared as bytes is equal if it says the same.
    if (!number || *number > most || (value.size() > 1 && value.front() == '0'))
        malformed(cat(key, ": not a number from 0 to ", most));
    return *number;
}

bool take_answer(std::string_view& text, std::string_view key) {
    const std::string_view value = take(text, key);
    if (value != "yes" && value != "no") malformed(cat(key, ": neither yes nor no"));
    return value == "yes";
}

// What is wrong with it; empty if nothing.
std::string_view contradiction(const Bid& bid) {
    if (bid.generation.epoch > bid.epoch) return "generation: of an epoch that the bidder has not seen";
    if (bid.proven() && !bid.generation) return "proven, but no generation";
    if (bid.checked && !bid.imported) return "checked, but not imported";
    return {};
}

} // namespace

std::string format_bid(const Bid& bid) {
    RS_ASSERT(is_word(bid.instance) && bid.number <= max_instance_number && bid.priority <= max_priority);
    RS_ASSERT(bid.epoch <= max_generation_part && (bid.digest.empty() || is_digest(bid.digest)));
    RS_ASSERT(contradiction(bid).empty());
    return cat(first_line, "instance ", bid.instance, "\nnumber ", bid.number, "\nepoch ", bid.epoch, "\ngeneration ",
               bid.generation ? bid.generation.str() : "-", "\nimported ", yes_or_no(bid.imported), "\nchecked ",
               yes_or_no(bid.checked), "\ndigest ", bid.digest.empty() ? "-" : bid.digest, "\npriority ", bid.priority,
               "\nmaintenance ", yes_or_no(bid.maintenance), "\n", last_line);
}

Bid parse_bid(std::string_view text) {
    if (text.size() > max_bid_bytes) malformed("too long");
    if (!text.starts_with(first_line)) malformed("does not begin as one");
    std::string_view rest = text.substr(first_line.size());
    Bid bid;
    bid.instance = take(rest, "instance");
    if (!is_word(bid.instance)) malformed("instance: not a word");
    bid.number = static_cast<std::uint32_t>(take_number(rest, "number", max_instance_number));
    bid.epoch = take_number(rest, "epoch", max_generation_part);
    if (const std::string_view value = take(rest, "generation"); value != "-") {
        const auto parsed = Generation::parse(value);
        if (!parsed) malformed("generation: not EPOCH.COUNTER");
        bid.generation = *parsed;
    }
    bid.imported = take_answer(rest, "imported");
    bid.checked = take_answer(rest, "checked");
    if (const std::string_view value = take(rest, "digest"); value != "-") {
        if (!is_digest(value)) malformed("digest: not 64 hexadecimal digits");
        bid.digest = value;
    }
    bid.priority = static_cast<std::uint32_t>(take_number(rest, "priority", max_priority));
    bid.maintenance = take_answer(rest, "maintenance");
    if (rest != last_line) malformed("does not end as one");
    if (const std::string_view what = contradiction(bid); !what.empty()) malformed(what);
    return bid;
}

} // namespace rs::failover
