// SPDX-License-Identifier: Apache-2.0
#include "sla/placement.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::sla {

namespace {

constexpr std::string_view prefix = "-sla-";

std::string text_of(const Parameter& p) {
    if (p.value.is_string()) return p.value;
    if (p.value.is_structured())
        fail(Exit::config, cat("parameter ", printable(p.id), ": an ", p.value.is_array() ? "array" : "object", " where a text is needed"));
    return p.value.dump();
}

// What stands behind "-sla-MAGIC-", or nothing if the parameter has another magic key.
std::optional<std::string_view> key_behind(std::string_view id, std::string_view magic) {
    for (const std::string_view part : {prefix, magic, std::string_view("-")}) {
        if (!id.starts_with(part)) return std::nullopt;
        id.remove_prefix(part.size());
    }
    return id.empty() ? std::nullopt : std::optional(id);
}

// Magic is this base and digits after it.
bool of_base(std::string_view id, std::string_view base) {
    id.remove_prefix(prefix.size());
    if (!id.starts_with(base)) return false;
    id.remove_prefix(base.size());
    const std::size_t digits = std::min(id.find_first_not_of("0123456789"), id.size());
    return digits > 0 && id.size() > digits + 1 && id[digits] == '-';
}

} // namespace

std::string Request::name() const { return cat(base, id); }

bool split_name(std::string_view name, std::uint64_t id, Request& out) {
    const std::string digits = cat(id);
    if (!name.ends_with(digits) || name.size() == digits.size()) return false;
    out.base = name.substr(0, name.size() - digits.size());
    out.id = id;
    return true;
}

std::vector<Request> requests_of(const std::string& base, std::uint64_t count) {
    std::vector<Request> out;
    for (std::uint64_t i = 0; i < count; ++i) out.push_back({base, i});
    for (std::uint64_t i = 1; i < count; ++i) out.push_back({"pbs", i});
    return out;
}

std::map<std::string, std::string> placement_of(const Parameters& parameters, const Request& request) {
    std::map<std::string, std::string> out;
    const std::string name = request.name(), group = cat(request.id);
    for (const Parameter& p : parameters)
        if (const auto key = key_behind(p.id, name)) out[std::string(*key)] = text_of(p);
    for (const Parameter& p : parameters) {
        if (key_behind(p.id, name)) continue; // a base such as "1-x" would make it look like a key of the group as well
        if (const auto key = key_behind(p.id, group)) out.try_emplace(std::string(*key), text_of(p));
    }
    if (out.empty()) out.emplace("mode", "unique_by_network");
    return out;
}

std::vector<std::string> unused(const Parameters& parameters, const std::vector<Request>& requests) {
    std::vector<std::string> out;
    for (const Parameter& p : parameters) {
        if (!p.id.starts_with(prefix)) continue;
        const bool used = std::any_of(requests.begin(), requests.end(), [&](const Request& r) {
            return key_behind(p.id, r.name()) || key_behind(p.id, cat(r.id));
        });
        if (!used) out.push_back(p.id);
    }
    return out;
}

std::vector<std::string> unknown(const Parameters& parameters, const std::string& base) {
    std::vector<std::string> out;
    for (const Parameter& p : parameters)
        if (p.id.starts_with(prefix) && !of_base(p.id, base) && !of_base(p.id, "pbs") && !of_base(p.id, "")) out.push_back(p.id);
    return out;
}

bool is_placement(std::string_view id) { return id.starts_with(prefix); }

Parameters without_placement(const Parameters& parameters) {
    Parameters out;
    for (const Parameter& p : parameters)
        if (!is_placement(p.id)) out.push_back(p);
    return out;
}

} // namespace rs::sla
