// SPDX-License-Identifier: Apache-2.0
#include "base/generation.hpp"

#include "base/text.hpp"

namespace rs {

std::string Generation::str() const { return cat(epoch, ".", counter); }

std::optional<Generation> Generation::parse(std::string_view text) {
    const auto dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto part = [](std::string_view digits) -> std::optional<std::uint64_t> {
        if (digits.starts_with('0')) return std::nullopt;
        const auto value = parse_u64(digits);
        if (!value || *value > max_generation_part) return std::nullopt;
        return value;
    };
    const auto epoch = part(text.substr(0, dot)), counter = part(text.substr(dot + 1));
    if (!epoch || !counter) return std::nullopt;
    return Generation{*epoch, *counter};
}

} // namespace rs
