// SPDX-License-Identifier: Apache-2.0
// Dictionaries and sets: in the order of insertion.
#include <optional>
#include <utility>

#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {
// Where the key is, or npos.
std::size_t slot_of(const Dict& d, const Value& key, std::size_t hash) {
    for (auto [at, end] = d.at.equal_range(hash); at != end; ++at)
        if (equals(d.slots[at->second].key, key)) return at->second;
    return SIZE_MAX;
}
} // namespace

const Value* find(const Dict& d, const Value& key) {
    const std::size_t at = slot_of(d, key, hash_of(key));
    return at == SIZE_MAX ? nullptr : &d.slots[at].value;
}

void put(Heap& heap, Dict& d, const Value& key, const Value& value) {
    const std::size_t hash = hash_of(key), at = slot_of(d, key, hash);
    if (at != SIZE_MAX) {
        d.slots[at].value = value;
        return;
    }
    heap.spend(sizeof(Dict::Slot) + 32);
    d.at.emplace(hash, d.slots.size());
    d.slots.push_back({key, value, true});
    ++d.live;
    ++d.changes;
}

bool erase(Dict& d, const Value& key) {
    const std::size_t hash = hash_of(key), slot = slot_of(d, key, hash);
    if (slot == SIZE_MAX) return false;
    for (auto [at, end] = d.at.equal_range(hash); at != end; ++at)
        if (at->second == slot) {
            d.at.erase(at);
            break;
        }
    d.slots[slot].live = false;
    --d.live;
    ++d.changes;
    return true;
}

void clear(Dict& d) {
    d.slots.clear();
    d.at.clear();
    d.live = 0;
    d.arranged = false;
    d.table = 8;
    ++d.changes;
}

namespace {

// The hash table of CPython's set, with hashes alone: where keys lie decides about their order.
class SetTable {
public:
    explicit SetTable(std::size_t size) : table_(size) {}
    void add(std::uint64_t hash, std::size_t slot) {
        insert(hash, slot);
        ++used_;
        if (used_ * 5 < (table_.size() - 1) * 3) return;
        // setobject.c: four times as large, from 50,000 on twice
        const std::size_t wanted = used_ > 50000 ? used_ * 2 : used_ * 4;
        std::size_t size = 8;
        while (size <= wanted) size <<= 1;
        const std::vector<Entry> before = std::exchange(table_, std::vector<Entry>(size));
        for (const Entry& e : before)
            if (e.used) insert(e.hash, e.slot);
    }
    [[nodiscard]] std::size_t size() const { return table_.size(); }
    [[nodiscard]] std::vector<std::size_t> slots() const {
        std::vector<std::size_t> out;
        for (const Entry& e : table_)
            if (e.used) out.push_back(e.slot);
        return out;
    }

private:
    struct Entry {
        std::uint64_t hash = 0;
        std::size_t slot = 0;
        bool used = false;
    };
    void insert(std::uint64_t hash, std::size_t slot) {
        constexpr std::size_t linear = 9;
        const std::size_t mask = table_.size() - 1;
        std::uint64_t perturb = hash;
        std::size_t i = hash & mask;
        for (;;) {
            const std::size_t last = i + linear <= mask ? i + linear : i;
            for (std::size_t at = i; at <= last; ++at)
                if (!table_[at].used) {
                    table_[at] = {hash, slot, true};
                    return;
                }
            perturb >>= 5;
            i = (i * 5 + 1 + perturb) & mask;
        }
    }
    std::vector<Entry> table_;
    std::size_t used_ = 0;
};

// hash() of an int: the rest of 2^61 - 1, with its sign; -1 is taken.
std::uint64_t integer_hash(std::int64_t n) {
    constexpr std::int64_t prime = (std::int64_t{1} << 61) - 1;
    const std::int64_t rest = n % prime;
    return static_cast<std::uint64_t>(rest == -1 ? -2 : rest);
}

// The slots that are alive, as they came.
std::vector<std::size_t> as_they_came(const Dict& d) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < d.slots.size(); ++i)
        if (d.slots[i].live) out.push_back(i);
    return out;
}

// Nothing if other than integers are in the set.
std::optional<SetTable> table_of(const Dict& d) {
    if (d.arranged) return std::nullopt;
    SetTable table(d.table);
    for (const std::size_t i : as_they_came(d)) {
        if (!d.slots[i].key.is_int()) return std::nullopt;
        table.add(integer_hash(d.slots[i].key.integer()), i);
    }
    return table;
}

} // namespace

std::vector<std::size_t> order_of(const Value& v) {
    const Dict& d = v.as<Dict>();
    if (v.is(Kind::set))
        if (const auto table = table_of(d)) return table->slots();
    return as_they_came(d);
}

Value copy_of_set(Heap& heap, const Value& set) {
    const Dict& d = set.as<Dict>();
    const Value out = heap.set();
    Dict& copy = out.as<Dict>();
    // setobject.c, set_merge(): room for twice as many, if five or more come at once; a table of that size is copied as it
    // is, of another one key by key.
    if (d.live * 5 >= (copy.table - 1) * 3)
        while (copy.table <= d.live * 2) copy.table <<= 1;
    const auto table = table_of(d);
    const bool whole = table && table->size() == copy.table;
    for (const std::size_t i : table && !whole ? table->slots() : as_they_came(d))
        put(heap, copy, d.slots[i].key, {});
    if (whole) copy.table = d.table;
    return out;
}

void discard(Heap& heap, const Value& set, const Value& key) {
    Dict& d = set.as<Dict>();
    if (find(d, key) == nullptr) return;
    if (!d.arranged) {
        std::vector<Value> keys;
        for (const std::size_t i : order_of(set)) keys.push_back(d.slots[i].key);
        clear(d);
        for (const Value& k : keys) put(heap, d, k, {});
        d.arranged = true;
    }
    erase(d, key);
}

} // namespace rs::tmpl
