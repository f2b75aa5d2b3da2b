// SPDX-License-Identifier: Apache-2.0
// "{}".format(values).
#include "base/text.hpp"
#include "template/interpreter.hpp"
#include "template/text/format.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

std::string format_braces(Call& call, std::string_view pattern, bool markup) {
    std::string out;
    std::size_t next = 0;
    bool automatic = false, manual = false;
    const auto field = [&](std::string_view name) -> Value {
        std::size_t end = std::min(name.find_first_of(".["), name.size());
        const std::string_view first = name.substr(0, end);
        Value v;
        if (first.empty() || first.find_first_not_of("0123456789") == std::string_view::npos) {
            (first.empty() ? automatic : manual) = true;
            if (automatic && manual)
                raise("ValueError",
                      "cannot switch from manual field specification to automatic field numbering");
            const std::size_t index =
                first.empty() ? next++
                              : static_cast<std::size_t>(parse_u64(first).value_or(SIZE_MAX));
            if (index >= call.args.size())
                raise("IndexError",
                      cat("Replacement index ", index, " out of range for positional args tuple"));
            v = call.args[index];
        } else {
            const auto at = std::find_if(call.named.begin(), call.named.end(),
                                         [&](const auto& n) { return n.first == first; });
            if (at == call.named.end()) raise("KeyError", repr_text(first));
            v = at->second;
        }
        while (end < name.size()) {
            if (name[end] == '.') {
                const std::size_t stop = std::min(name.find_first_of(".[", end + 1), name.size());
                v = call.interpreter.attribute(v, name.substr(end + 1, stop - end - 1));
                end = stop;
            } else {
                const std::size_t stop = name.find(']', end);
                if (stop == std::string_view::npos)
                    raise("ValueError", "Missing ']' in format string");
                const std::string_view key = name.substr(end + 1, stop - end - 1);
                const auto number = parse_u64(key);
                v = call.interpreter.item(v, number ? Value(static_cast<std::int64_t>(*number))
                                                    : call.heap.text(std::string(key)));
                end = stop + 1;
            }
        }
        return v;
    };
    const std::function<std::string(std::string_view, int)> expand = [&](std::string_view text,
                                                                         int depth) {
        if (depth > 1) raise("ValueError", "Max string recursion exceeded");
        std::string result;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c && depth == 0) {
                result += c;
                ++i;
                continue;
            }
            if (c == '}') raise("ValueError", "Single '}' encountered in format string");
            if (c != '{') {
                result += c;
                continue;
            }
            int open = 1;
            std::size_t end = i + 1;
            for (; end < text.size(); ++end) {
                if (text[end] == '{') ++open;
                if (text[end] == '}' && --open == 0) break;
            }
            if (open > 0)
                raise("ValueError", end == i + 1 ? "Single '{' encountered in format string"
                                                 : "expected '}' before end of string");
            const std::string_view inside = text.substr(i + 1, end - i - 1);
            i = end;
            const std::size_t stop = std::min(inside.find_first_of("!:"), inside.size());
            Value v = field(inside.substr(0, stop));
            if (stop == inside.size() || inside[stop] != '!') must_be_defined(v);
            std::size_t at = stop;
            if (at < inside.size() && inside[at] == '!') {
                if (at + 1 >= inside.size())
                    raise("ValueError", "end of string while looking for conversion specifier");
                const char how = inside[at + 1];
                if (how != 'r' && how != 's' && how != 'a')
                    raise("ValueError",
                          cat("Unknown conversion specifier '", std::string(1, how), "'"));
                v = call.heap.text(how == 's' ? str(v) : how == 'r' ? repr(v) : ascii(repr(v)));
                at += 2;
                if (at < inside.size() && inside[at] != ':')
                    raise("ValueError", "expected ':' after conversion specifier");
            }
            const std::string spec =
                at < inside.size() ? expand(inside.substr(at + 1), depth + 1) : "";
            if (!markup || depth > 0) {
                result += format_value(v, spec);
            } else if (v.is(ValueKind::text) && v.as<Text>().markup) {
                if (!spec.empty())
                    raise("ValueError", "Unsupported format specification for Markup.");
                result += v.text();
            } else {
                result += escape(call.heap, call.heap.text(format_value(v, spec))).text();
            }
        }
        return result;
    };
    out = expand(pattern, 0);
    return out;
}

} // namespace rs::tmpl
