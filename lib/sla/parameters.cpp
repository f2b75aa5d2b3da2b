// SPDX-License-Identifier: Apache-2.0
#include "sla/parameters.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sla/instance_xml.hpp"

namespace rs::sla {

namespace {

[[noreturn]] void bad(std::string_view where, std::string_view why, std::string hint = {}) {
    fail(Exit::config, cat(where, ": ", why), std::move(hint));
}

[[noreturn]] void twice(std::string_view where, std::string_view id) {
    bad(where, cat("parameter ", printable(id), " is there twice"), "which of the two counts is not for a program to guess");
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

// NAME:LINE:COLUMN of a place in the text.
std::string place(std::string_view name, std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, std::min(at, text.size()));
    const std::size_t line_start = before.rfind('\n') + 1; // 0 if there is none
    return cat(name, ":", std::count(before.begin(), before.end(), '\n') + 1, ":", before.size() - line_start + 1);
}

Parameters read_json(std::string_view text, std::string_view name) {
    std::set<std::string> keys;
    const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > max_json_depth) bad(name, cat("nested deeper than ", max_json_depth));
        if (event == Json::parse_event_t::key && depth == 1 && !keys.insert(parsed.get<std::string>()).second)
            twice(name, parsed.get<std::string>());
        return true;
    };
    Json all;
    try {
        all = Json::parse(text, look);
    } catch (const Json::parse_error& e) {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ...": the last part
        std::string why = e.what();
        if (const auto at = why.find(": "); at != std::string::npos) why = why.substr(at + 2);
        bad(place(name, text, e.byte > 0 ? e.byte - 1 : 0), printable(why));
    } catch (const Json::out_of_range& e) { // a number that no double holds
        bad(name, printable(e.what()));
    }
    if (!all.is_object()) bad(name, "not a JSON object", "the parameters are its members");
    Parameters out;
    for (auto& [id, value] : all.items()) {
        if (id.empty()) bad(name, "a parameter without a name");
        out.push_back({id, std::move(value)});
    }
    return out;
}

Parameters read_xml(std::string_view text, std::string_view name) {
    Parameters out;
    std::set<std::string> seen;
    for (XmlParameter& p : read_instance_xml(text, name)) {
        if (!seen.insert(p.id).second) twice(cat(name, ":", p.line), p.id);
        out.push_back({std::move(p.id), std::move(p.value)});
    }
    return out;
}

Parameters read_text(std::string_view text, std::string_view name) {
    Parameters out;
    std::set<std::string> seen;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        const std::string_view begin = trimmed(line);
        if (begin.empty() || begin.front() == '#') continue;
        const std::string where = cat(name, ":", number);
        const std::size_t equals = line.find('=');
        const std::string id(trimmed(line.substr(0, equals)));
        if (equals == std::string_view::npos || id.empty())
            bad(where, cat("'", printable(begin), "' is not ID=VALUE"), "a line is ID=VALUE, empty, or begins with #");
        if (!seen.insert(id).second) twice(where, id);
        out.push_back({id, std::string(trimmed(line.substr(equals + 1)))});
    }
    return out;
}

// No text with a NUL goes on: whoever gets it would see only its beginning.
void check_text(const Json& value, std::string_view id, std::string_view name) {
    if (value.is_string() && value.get_ref<const std::string&>().find('\0') != std::string::npos)
        bad(name, cat("parameter ", printable(id), ": holds a NUL"));
    if (value.is_structured())
        for (const auto& [key, inner] : value.items()) check_text(inner, id, name);
}

} // namespace

std::optional<Format> parse_format(std::string_view word) {
    if (word == "xml") return Format::xml;
    if (word == "json") return Format::json;
    if (word == "text") return Format::text;
    return std::nullopt;
}

Parameters read_parameters(std::string_view bytes, std::optional<Format> format, std::string_view name) {
    if (bytes.size() > max_parameter_bytes) bad(name, cat("larger than ", human_bytes(max_parameter_bytes)));
    if (!format) {
        const std::size_t at = bytes.find_first_not_of("\xef\xbb\xbf \t\r\n");
        const char first = at == std::string_view::npos ? ' ' : bytes[at];
        // UTF-16 can be told, and only XML comes in it.
        const bool wide = bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff");
        format = first == '<' || wide ? Format::xml : first == '{' || first == '[' ? Format::json : Format::text;
    }
    // XML says itself how it is written; expat sees to it.
    if (*format != Format::xml && !valid_utf8(bytes)) bad(name, "not UTF-8");
    Parameters out = *format == Format::xml    ? read_xml(bytes, name)
                     : *format == Format::json ? read_json(bytes, name)
                                               : read_text(bytes, name);
    if (*format != Format::text && out.size() == 1 && out.front().id == "_" && out.front().value.is_string()) {
        const std::string inner = out.front().value;
        out = read_json(inner, cat(name, ": parameter _"));
    }
    for (const Parameter& p : out) {
        if (p.id.find('\0') != std::string::npos) bad(name, "the name of a parameter holds a NUL");
        check_text(p.value, p.id, name);
    }
    return out;
}

} // namespace rs::sla
