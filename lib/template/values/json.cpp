// SPDX-License-Identifier: Apache-2.0
// json.dumps().
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

void json_text(std::string& out, std::string_view text, bool ascii) {
    out += '"';
    for (const std::string& c : split_characters(text)) {
        const char32_t point = code_point(c);
        char escaped[16];
        if (c == "\"" || c == "\\")
            out += cat("\\", c);
        else if (c == "\n")
            out += "\\n";
        else if (c == "\r")
            out += "\\r";
        else if (c == "\t")
            out += "\\t";
        else if (c == "\b")
            out += "\\b";
        else if (c == "\f")
            out += "\\f";
        else if (point < 0x20 || (ascii && point >= 0x7f && point < 0x10000 && point != 0x7f)) {
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(point));
            out += escaped;
        } else if (ascii && point >= 0x10000) {
            const char32_t rest = point - 0x10000;
            std::snprintf(escaped, sizeof escaped, "\\u%04x\\u%04x",
                          static_cast<unsigned>(0xd800 + (rest >> 10)),
                          static_cast<unsigned>(0xdc00 + (rest & 0x3ff)));
            out += escaped;
        } else {
            out += c;
        }
    }
    out += '"';
}

constexpr std::size_t most_bytes = std::size_t{256} << 20; // as much as a template may write

struct JsonWriter {
    bool sort_keys;
    std::int64_t indent;
    bool ascii;
    std::string_view item_separator, key_separator;
    std::string out;
    int depth = 0;

    void line(int level) {
        if (indent < 0) return;
        out += '\n';
        if (static_cast<std::size_t>(indent) * static_cast<std::size_t>(level) > most_bytes ||
            out.size() > most_bytes)
            raise("MemoryError", "the template needs more memory than its limit");
        out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(level), ' ');
    }

    void write(const Value& v) {
        if (++depth > 200) raise("ValueError", "Circular reference detected");
        switch (v.kind()) {
        case ValueKind::undefined:
            raise("TypeError", "Object of type StrictUndefined is not JSON serializable");
        case ValueKind::none: out += "null"; break;
        case ValueKind::boolean: out += v.boolean() ? "true" : "false"; break;
        case ValueKind::integer: out += cat(v.integer()); break;
        case ValueKind::real:
            out += std::isnan(v.real())   ? "NaN"
                   : std::isinf(v.real()) ? (v.real() < 0 ? "-Infinity" : "Infinity")
                                          : repr_real(v.real());
            break;
        case ValueKind::text: json_text(out, v.text(), ascii); break;
        case ValueKind::list:
        case ValueKind::tuple: {
            out += '[';
            bool first = true;
            for (const Value& item : v.items()) {
                if (!first) out += item_separator;
                first = false;
                line(depth);
                write(item);
            }
            if (!first) line(depth - 1);
            out += ']';
            break;
        }
        case ValueKind::dict: {
            out += '{';
            std::vector<std::pair<std::string, Value>> members;
            std::vector<const Dict::Slot*> slots;
            for (const Dict::Slot& s : v.as<Dict>().slots)
                if (s.live) slots.push_back(&s);
            if (sort_keys)
                std::stable_sort(slots.begin(), slots.end(), [](const auto* a, const auto* b) {
                    return compare(a->key, b->key, "<") < 0;
                });
            bool first = true;
            for (const Dict::Slot* const s : slots) {
                if (!first) out += item_separator;
                first = false;
                line(depth);
                const Value& k = s->key;
                if (k.is(ValueKind::text))
                    json_text(out, k.text(), ascii);
                else if (k.is(ValueKind::boolean))
                    out += k.boolean() ? "\"true\"" : "\"false\"";
                else if (k.is(ValueKind::none))
                    out += "\"null\"";
                else if (k.is(ValueKind::integer))
                    out += cat("\"", k.integer(), "\"");
                else if (k.is(ValueKind::real))
                    out += cat("\"", repr_real(k.real()), "\"");
                else
                    raise("TypeError",
                          cat("keys must be str, int, float, bool or None, not ", type_name(k)));
                out += key_separator;
                write(s->value);
            }
            if (!first) line(depth - 1);
            out += '}';
            break;
        }
        default:
            raise("TypeError", cat("Object of type ", type_name(v), " is not JSON serializable"));
        }
        --depth;
    }
};

} // namespace

std::string to_json(const Value& value, bool sort_keys, std::int64_t indent, bool ascii,
                    std::string_view item_separator, std::string_view key_separator) {
    JsonWriter w{sort_keys,
                 indent,
                 ascii,
                 item_separator.empty() ? (indent < 0 ? ", " : ",") : item_separator,
                 key_separator,
                 {},
                 0};
    w.write(value);
    return std::move(w.out);
}

} // namespace rs::tmpl
