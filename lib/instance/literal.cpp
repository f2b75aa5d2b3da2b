// SPDX-License-Identifier: Apache-2.0
#include "instance/literal.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/text.hpp"
#include "template/interpreter.hpp"
#include "template/values/literal.hpp"
#include "template/values/value.hpp"

namespace rs::instance {

namespace {

constexpr std::size_t max_bytes = std::size_t{256} << 20; // of values

tmpl::Value value_of(tmpl::Heap& heap, const Json& j) {
    switch (j.type()) {
    case Json::value_t::boolean: return j.get<bool>();
    case Json::value_t::number_integer: return j.get<std::int64_t>();
    case Json::value_t::number_unsigned:
        if (j.get<std::uint64_t>() > INT64_MAX) fail(Exit::config, "an integer beyond 64 bits");
        return j.get<std::int64_t>();
    case Json::value_t::number_float: return j.get<double>();
    case Json::value_t::string: return heap.text(j.get<std::string>());
    case Json::value_t::array: {
        std::vector<tmpl::Value> items;
        for (const Json& item : j) items.push_back(value_of(heap, item));
        return heap.list(std::move(items));
    }
    case Json::value_t::object: {
        const tmpl::Value d = heap.dict();
        for (const auto& [key, item] : j.items()) tmpl::put(heap, d.as<tmpl::Dict>(), heap.text(key), value_of(heap, item));
        return d;
    }
    default: return {};
    }
}

// Not deeper than a literal can be.
Json json_of(const tmpl::Value& v) {
    switch (v.kind()) {
    case tmpl::Kind::none: return nullptr;
    case tmpl::Kind::boolean: return v.boolean();
    case tmpl::Kind::integer: return v.integer();
    case tmpl::Kind::real:
        if (!std::isfinite(v.real())) fail(Exit::config, "a number that JSON has not");
        return v.real();
    case tmpl::Kind::text: return std::string(v.text());
    case tmpl::Kind::list:
    case tmpl::Kind::tuple: {
        Json out = Json::array();
        for (const tmpl::Value& item : v.items()) out.push_back(json_of(item));
        return out;
    }
    case tmpl::Kind::dict: {
        Json out = Json::object();
        for (const auto& slot : v.as<tmpl::Dict>().slots) {
            if (!slot.live) continue;
            if (!slot.key.is(tmpl::Kind::text)) fail(Exit::config, "a dict with a key that is no text");
            out[std::string(slot.key.text())] = json_of(slot.value);
        }
        return out;
    }
    default: fail(Exit::config, cat("JSON has no ", tmpl::type_name(v)));
    }
}

} // namespace

std::string option_value(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    tmpl::Heap heap(max_bytes);
    try {
        return tmpl::typed_literal(heap, value_of(heap, value));
    } catch (const tmpl::Failure& e) {
        fail(Exit::config, cat(e.type, ": ", e.message));
    }
}

Json json_value(std::string_view option) {
    if (!option.starts_with(tmpl::literal_mark)) return std::string(option);
    tmpl::Heap heap(max_bytes);
    try {
        return json_of(tmpl::parse_literal(heap, option.substr(tmpl::literal_mark.size())));
    } catch (const tmpl::Failure& e) {
        fail(Exit::config, cat(e.type, ": ", e.message));
    }
}

} // namespace rs::instance
