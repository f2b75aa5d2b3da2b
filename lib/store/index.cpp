// SPDX-License-Identifier: Apache-2.0
#include "store/index.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace rs::store {

namespace {
// To build the table takes as long as some ten looks through the ids (165,000 chunks: 12 ms and 1).
constexpr unsigned max_scans = 4;
constexpr unsigned tag_shift = 60;
constexpr std::uint64_t number_mask = (std::uint64_t{1} << tag_shift) - 1;
std::uint64_t tag_of(const chunk::ChunkId& id) {
    return static_cast<std::uint64_t>(id.bytes[15]) >> 4 << tag_shift;
}
std::uint64_t numbers_of(const PackIndex& pack) {
    std::uint64_t n = 0;
    for (const NumberRun& run : pack.runs()) n += run.count;
    return n;
}
// So many numbers fill no more than two thirds of the table.
bool fits(std::uint64_t numbers, std::uint64_t slots) { return numbers * 3 <= slots * 2; }
} // namespace

void Index::add(std::shared_ptr<PackIndex> pack) {
    packs_.push_back(std::move(pack));
    spans_valid_ = false;
    if (table_) {
        // A table that is too small is made anew from the packs: the old one need not be there meanwhile.
        if (fits(used_ + numbers_of(*packs_.back()), slots_.size()))
            insert_pack(*packs_.back());
        else
            build_table();
    }
    if (lost_known_) note_lost(*packs_.back());
}

void Index::remove(std::uint64_t serial) {
    std::erase_if(packs_, [&](const auto& pack) {
        if (pack->serial() != serial) return false;
        removed_.push_back(pack);
        return true;
    });
    spans_valid_ = false;
    table_ = false;
    slots_.clear();
    lost_.clear();
    lost_known_ = false;
    used_ = 0;
}

std::uint64_t Index::chunks() const {
    std::uint64_t n = 0;
    for (const auto& pack : packs_) n += pack->chunks();
    return n;
}

void Index::build_spans() const {
    spans_.clear();
    for (const auto& pack : packs_)
        for (const NumberRun& r : pack->runs()) spans_.push_back({r.number, r.count, r.position, pack.get(), 0});
    std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.number < b.number; });
    std::uint64_t end = 0;
    for (Span& s : spans_) {
        end = std::max(end, s.number + s.count);
        s.max_end = end;
    }
    spans_valid_ = true;
    last_ = 0;
}

std::optional<Place> Index::find(std::uint64_t number) const {
    if (!spans_valid_) build_spans();
    const auto place = [&](const Span& s) {
        return Place{s.pack, s.position + static_cast<std::uint32_t>(number - s.number)};
    };
    if (last_ < spans_.size() && spans_[last_].holds(number)) {
        const Place p = place(spans_[last_]);
        if (!p.pack->lost(p.position)) return p;
    }
    const auto after = std::upper_bound(spans_.begin(), spans_.end(), number,
                                        [](std::uint64_t n, const Span& s) { return n < s.number; });
    for (auto i = static_cast<std::size_t>(after - spans_.begin()); i-- > 0 && spans_[i].max_end > number;) {
        if (!spans_[i].holds(number)) continue;
        const Place p = place(spans_[i]);
        if (p.pack->lost(p.position)) continue;
        last_ = i;
        return p;
    }
    return std::nullopt;
}

std::optional<Place> Index::find_even_lost(std::uint64_t number) const {
    if (const auto place = find(number)) return place;
    const auto after = std::upper_bound(spans_.begin(), spans_.end(), number,
                                        [](std::uint64_t n, const Span& s) { return n < s.number; });
    for (auto i = static_cast<std::size_t>(after - spans_.begin()); i-- > 0 && spans_[i].max_end > number;)
        if (spans_[i].holds(number))
            return Place{spans_[i].pack, spans_[i].position + static_cast<std::uint32_t>(number - spans_[i].number)};
    return std::nullopt;
}

void Index::insert(std::uint64_t number, const chunk::ChunkId& id) const {
    const std::uint64_t mask = slots_.size() - 1;
    std::uint64_t at = id.prefix() & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = tag_of(id) | (number + 1);
    ++used_;
}

void Index::insert_pack(const PackIndex& pack) const {
    for (const NumberRun& run : pack.runs())
        for (std::uint32_t i = 0; i < run.count; ++i)
            if (!pack.lost(run.position + i)) insert(run.number + i, pack.id(run.position + i));
}

void Index::note_lost(const PackIndex& pack) const {
    for (const NumberRun& run : pack.runs())
        for (std::uint32_t i = 0; i < run.count; ++i)
            if (pack.lost(run.position + i) && !find(run.number + i)) // not healed by another pack
                lost_[pack.id(run.position + i)].push_back(run.number + i);
}

void Index::build_table() const {
    table_ = false;
    slots_ = {};
    used_ = 0;
    std::uint64_t numbers = 0;
    for (const auto& pack : packs_) numbers += numbers_of(*pack);
    std::size_t size = 1024;
    while (!fits(numbers, size)) size *= 2;
    slots_.assign(size, 0);
    for (const auto& pack : packs_) insert_pack(*pack);
    table_ = true;
}

std::optional<std::uint64_t> Index::scan(const chunk::ChunkId& id) const {
    for (const auto& pack : packs_)
        for (const NumberRun& run : pack->runs())
            for (std::uint32_t i = 0; i < run.count; ++i)
                if (pack->id(run.position + i) == id && !pack->lost(run.position + i)) return run.number + i;
    return std::nullopt;
}

std::optional<std::uint64_t> Index::find(const chunk::ChunkId& id) const {
    if (!table_ && scans_ < max_scans) {
        ++scans_;
        return scan(id);
    }
    if (!table_) build_table();
    const std::uint64_t mask = slots_.size() - 1;
    const std::uint64_t tag = tag_of(id);
    for (std::uint64_t at = id.prefix() & mask; slots_[at] != 0; at = (at + 1) & mask) {
        if ((slots_[at] & ~number_mask) != tag) continue;
        const std::uint64_t number = (slots_[at] & number_mask) - 1;
        const auto place = find(number);
        if (place && place->pack->id(place->position) == id) return number;
    }
    return std::nullopt;
}

const std::vector<std::uint64_t>& Index::lost_numbers(const chunk::ChunkId& id) const {
    if (!lost_known_) {
        lost_known_ = true;
        for (const auto& pack : packs_) note_lost(*pack);
    }
    static const std::vector<std::uint64_t> none;
    const auto at = lost_.find(id);
    return at == lost_.end() ? none : at->second;
}

} // namespace rs::store
