// SPDX-License-Identifier: Apache-2.0
// A map by name that remembers the order in which names came, as profiles are read and written.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rs::profile {

template <class T>
class Ordered {
public:
    using Item = std::pair<std::string, T>;

    [[nodiscard]] const T* find(std::string_view name) const {
        const auto at = at_.find(std::string(name));
        return at == at_.end() ? nullptr : &items_[at->second].second;
    }
    [[nodiscard]] T* find(std::string_view name) {
        return const_cast<T*>(std::as_const(*this).find(name));
    }
    // The value of this name; a new one comes last.
    T& operator[](std::string_view name) {
        const auto [at, is_new] = at_.try_emplace(std::string(name), items_.size());
        if (is_new) items_.emplace_back(name, T());
        return items_[at->second].second;
    }
    // In time that is proportional to the number of names: few are ever removed.
    void erase(std::string_view name) {
        const auto at = at_.find(std::string(name));
        if (at == at_.end()) return;
        const std::size_t gone = at->second;
        at_.erase(at);
        items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(gone));
        for (auto& [key, index] : at_) index -= index > gone ? 1 : 0;
    }
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] auto begin() const { return items_.begin(); }
    [[nodiscard]] auto end() const { return items_.end(); }
    [[nodiscard]] auto begin() { return items_.begin(); }
    [[nodiscard]] auto end() { return items_.end(); }

private:
    std::vector<Item> items_;
    std::unordered_map<std::string, std::size_t> at_;
};

} // namespace rs::profile
