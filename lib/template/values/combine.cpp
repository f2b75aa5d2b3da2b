// SPDX-License-Identifier: Apache-2.0
// Each of these counts: the places in the pool are the digits of a number, and the next item is the next number that the
// rule allows. So nothing is kept but the pool and one number.
#include "template/values/combine.hpp"

#include <algorithm>
#include <optional>

#include "template/modules/modules.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

using Places = std::vector<std::size_t>;

constexpr std::int64_t max_places =
    10'000; // of one item: more would be refused by memory anyway, but later

// `advance` makes the next places of these, or says that there are none.
template <class Advance>
Value counting(Call& c, const char* type, std::vector<std::vector<Value>> pools,
               std::optional<Places> first, Advance advance) {
    for (const auto& pool : pools) c.heap.spend(pool.size() * sizeof(Value));
    return c.heap.iterator(type,
                           [&in = c.interpreter, pools = std::move(pools), next = std::move(first),
                            advance]() mutable -> std::optional<Value> {
                               if (!next) return std::nullopt;
                               in.step();
                               std::vector<Value> items;
                               for (std::size_t i = 0; i < next->size(); ++i)
                                   items.push_back(pools[pools.size() == 1 ? 0 : i][(*next)[i]]);
                               if (!advance(*next)) next = std::nullopt;
                               return in.heap().tuple(std::move(items));
                           });
}

std::size_t size_of(const Value& v) {
    const std::int64_t r = int_of(v);
    if (r < 0) raise("ValueError", "r must be non-negative");
    if (r > max_places) raise("NotSupported", "more than 10000 items put together");
    return static_cast<std::size_t>(r);
}

Places rising(std::size_t n) {
    Places out(n);
    for (std::size_t i = 0; i < n; ++i) out[i] = i;
    return out;
}

} // namespace

Value product(Call& c) {
    std::int64_t repeat = 1;
    for (const auto& [name, value] : c.named) {
        if (name != "repeat") raise("TypeError", "product() got an unexpected keyword argument");
        repeat = int_of(value);
    }
    if (repeat < 0) raise("ValueError", "repeat argument cannot be negative");
    if (repeat * static_cast<std::int64_t>(std::max<std::size_t>(1, c.args.size())) > max_places ||
        repeat > max_places)
        raise("NotSupported", "more than 10000 items put together");
    std::vector<std::vector<Value>> once, pools;
    for (const Value& v : c.args) once.push_back(items_of(c.heap, v));
    for (std::int64_t i = 0; i < repeat; ++i) pools.insert(pools.end(), once.begin(), once.end());
    Places sizes;
    for (const auto& pool : pools) sizes.push_back(pool.size());
    const bool empty = std::find(sizes.begin(), sizes.end(), 0U) != sizes.end();
    return counting(c, "itertools.product", std::move(pools),
                    empty ? std::nullopt : std::optional(Places(sizes.size())), [sizes](Places& p) {
                        for (std::size_t i = p.size(); i-- > 0;) {
                            if (++p[i] < sizes[i]) return true;
                            p[i] = 0;
                        }
                        return false;
                    });
}

Value combinations(Call& c) {
    const auto a = c.bind({"iterable", "r"}, 2);
    std::vector<Value> pool = items_of(c.heap, *a[0]);
    const std::size_t r = size_of(*a[1]), n = pool.size();
    return counting(c, "itertools.combinations", {std::move(pool)},
                    r > n ? std::nullopt : std::optional(rising(r)), [n, r](Places& p) {
                        for (std::size_t i = r; i-- > 0;) {
                            if (p[i] == n - r + i) continue;
                            ++p[i];
                            for (std::size_t k = i + 1; k < r; ++k) p[k] = p[k - 1] + 1;
                            return true;
                        }
                        return false;
                    });
}

Value combinations_with_replacement(Call& c) {
    const auto a = c.bind({"iterable", "r"}, 2);
    std::vector<Value> pool = items_of(c.heap, *a[0]);
    const std::size_t r = size_of(*a[1]), n = pool.size();
    return counting(c, "itertools.combinations_with_replacement", {std::move(pool)},
                    n == 0 && r > 0 ? std::nullopt : std::optional(Places(r)), [n, r](Places& p) {
                        for (std::size_t i = r; i-- > 0;) {
                            if (p[i] == n - 1) continue;
                            const std::size_t next = p[i] + 1;
                            std::fill(p.begin() + static_cast<std::ptrdiff_t>(i), p.end(), next);
                            return true;
                        }
                        return false;
                    });
}

Value permutations(Call& c) {
    const auto a = c.bind({"iterable", "r"}, 1);
    std::vector<Value> pool = items_of(c.heap, *a[0]);
    const std::size_t n = pool.size(), r = given(a[1]) ? size_of(*a[1]) : n;
    return counting(c, "itertools.permutations", {std::move(pool)},
                    r > n ? std::nullopt : std::optional(rising(r)), [n, r](Places& p) {
                        std::vector<bool> used(n);
                        for (const std::size_t i : p) used[i] = true;
                        for (std::size_t i = r; i-- > 0;) {
                            used[p[i]] = false;
                            std::size_t next = p[i] + 1;
                            while (next < n && used[next]) ++next;
                            if (next == n) continue;
                            p[i] = next;
                            used[next] = true;
                            for (std::size_t k = i + 1, least = 0; k < r;
                                 ++k) { // the least ones that are left
                                while (used[least]) ++least;
                                p[k] = least;
                                used[least] = true;
                            }
                            return true;
                        }
                        return false;
                    });
}

} // namespace rs::tmpl
