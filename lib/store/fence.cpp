// SPDX-License-Identifier: Apache-2.0
#include "store/fence.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/generation.hpp"

namespace rs::store {

std::uint64_t highest_epoch(const io::Dir& name_dir) {
    std::uint64_t highest = 0;
    const std::vector<Generation> all = list_generations(name_dir, Line::main);
    if (!all.empty()) highest = all.back().epoch;
    if (io::exists_at(name_dir, epoch_name)) {
        const Buffer raw = io::read_file_at(name_dir, epoch_name, 64);
        std::string_view text = as_text(raw);
        if (text.ends_with('\n')) text.remove_suffix(1);
        const auto epoch = parse_u64(text);
        if (!epoch) fail(Exit::data, cat(printable(name_dir.name_of(epoch_name)), ": not an epoch"));
        highest = std::max(highest, *epoch);
    }
    return highest;
}

void raise_epoch(const Store& store, const std::string& name, std::uint64_t epoch) {
    const io::Lock guard = store.lock(io::LockMode::exclusive); // a pull looks at it under this lock before it publishes
    const io::Dir dir = store.make_name(name);
    const std::uint64_t highest = highest_epoch(dir);
    if (epoch < highest)
        fail(Exit::fenced, cat(name, ": fenced: epoch ", highest, " has begun"), "epochs never go down");
    io::write_file_atomic(dir, epoch_name, as_bytes(cat(epoch, "\n")));
}

} // namespace rs::store
