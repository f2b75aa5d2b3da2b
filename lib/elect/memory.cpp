// SPDX-License-Identifier: Apache-2.0
#include "elect/memory.hpp"

#include <array>

#include "base/error.hpp"
#include "base/fields.hpp"
#include "base/text.hpp"
#include "elect/held.hpp"
#include "failover/words.hpp"

namespace rs::elect {

using namespace failover;

namespace {

constexpr std::string_view first_line = "rs-elect 1\n", last_line = "end\n";
constexpr std::array<std::string_view, 3> predecessors{"gone", "held", "uncertain"};

std::string_view yes_or_no(bool value) { return value ? "yes" : "no"; }

[[noreturn]] void malformed(std::string_view what) { fail(Exit::data, std::string(what)); }

std::uint64_t take_epoch(std::string_view& text, std::string_view key) {
    const auto epoch = parse_u64(take_field(text, key, "machine"));
    if (!epoch || *epoch > max_generation_part) malformed(cat(key, ": no number of an epoch"));
    return *epoch;
}

bool take_answer(std::string_view& text, std::string_view key) {
    const std::string_view value = take_field(text, key, "machine");
    if (value != "yes" && value != "no") malformed(cat(key, ": neither yes nor no"));
    return value == "yes";
}

Step take_step(std::string_view& text) {
    const std::string_view value = take_field(text, "step", "machine");
    for (int i = 0; i <= static_cast<int>(Step::done); ++i)
        if (word(static_cast<Step>(i)) == value) return static_cast<Step>(i);
    malformed("step: none that there is");
}

Predecessor take_predecessor(std::string_view& text) {
    const std::string_view value = take_field(text, "old", "machine");
    for (std::size_t i = 0; i < predecessors.size(); ++i)
        if (predecessors.at(i) == value) return static_cast<Predecessor>(i);
    malformed("old: none that there is");
}

} // namespace

std::string format_memory(const Memory& memory) {
    const Durable& d = memory.durable;
    return cat(first_line, "epoch ", d.epoch, "\nclaim ", d.claim, "\nstep ", word(d.step),
               "\nold ", predecessors.at(static_cast<std::size_t>(d.old)), "\nmaintenance ",
               yes_or_no(d.maintenance), "\nreturned ", yes_or_no(memory.returned), "\n",
               last_line);
}

Memory parse_memory(std::string_view text) {
    if (!text.starts_with(first_line)) malformed("does not begin as it has to");
    text.remove_prefix(first_line.size());
    Memory memory;
    Durable& d = memory.durable;
    d.epoch = take_epoch(text, "epoch");
    d.claim = take_epoch(text, "claim");
    d.step = take_step(text);
    d.old = take_predecessor(text);
    d.maintenance = take_answer(text, "maintenance");
    memory.returned = take_answer(text, "returned");
    if (text != last_line) malformed("does not end as it has to");
    if (d.claim > d.epoch) malformed("claim: above the epoch that was seen");
    if (memory.returned && d.claim != 0) malformed("returned, and yet with a claim");
    return memory;
}

Memory read_memory(const io::Dir& state) {
    const io::Fd fd = io::try_open_at(state, "machine");
    if (!fd) return {};
    try {
        return parse_memory(as_text(io::read_file(fd.get(), 4096, state.name_of("machine"))));
    } catch (const Error& e) {
        throw Error(Exit::data,
                    cat(printable(state.name_of("machine")), ": is damaged: ", e.what()),
                    "if this instance leads, bring the file back; else stop its service, and "
                    "remove the file: it begins as a follower");
    }
}

void write_memory(const io::Dir& state, const Memory& memory) {
    io::write_file_atomic(state, "machine", as_bytes(format_memory(memory)));
    std::uint64_t known = 0;
    try {
        known = read_epoch(state);
    } catch (const Error& e) {
        if (e.code() != Exit::data) throw; // a damaged one is replaced by what is known here
    }
    if (known < memory.durable.epoch)
        io::write_file_atomic(state, "epoch", as_bytes(cat(memory.durable.epoch, "\n")), 0644);
}

} // namespace rs::elect
