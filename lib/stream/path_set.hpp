// SPDX-License-Identifier: Apache-2.0
// Which paths a manifest has had, by 64 bits of a keyed hash: 10 to 16 bytes a path, whatever its length.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace rs::stream {

// Many small tables instead of a large one: when one grows, nobody notices.
class PathSet {
public:
    void insert(std::uint64_t hash) { table(hash).insert(hash | 1); } // 0 is an empty slot
    [[nodiscard]] bool contains(std::uint64_t hash) { return table(hash).contains(hash | 1); }

private:
    // Open addressing, at most four fifths full.
    class Table {
    public:
        void insert(std::uint64_t value) {
            if (5 * (used_ + 1) > 4 * slots_.size()) grow();
            std::uint64_t& slot = find(value);
            if (slot == 0) ++used_;
            slot = value;
        }
        [[nodiscard]] bool contains(std::uint64_t value) { return !slots_.empty() && find(value) == value; }

    private:
        std::uint64_t& find(std::uint64_t value) {
            // Evenly from all bits but those that chose the table to any number of slots.
            auto at = static_cast<std::size_t>((value << table_bits >> 32) * slots_.size() >> 32);
            while (slots_[at] != 0 && slots_[at] != value)
                if (++at == slots_.size()) at = 0;
            return slots_[at];
        }
        void grow() {
            std::vector<std::uint64_t> old(std::max<std::size_t>(slots_.size() + slots_.size() / 2, 16), 0);
            old.swap(slots_);
            for (const std::uint64_t value : old)
                if (value != 0) find(value) = value;
        }
        std::vector<std::uint64_t> slots_; // fewer than 2^32
        std::size_t used_ = 0;
    };
    static constexpr unsigned table_bits = 8;
    Table& table(std::uint64_t hash) { return tables_[hash >> (64 - table_bits)]; }

    std::array<Table, std::size_t{1} << table_bits> tables_;
};

} // namespace rs::stream
