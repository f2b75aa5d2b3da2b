// SPDX-License-Identifier: Apache-2.0
// Values as texts: str() and repr().
#include <algorithm>

#include "base/text.hpp"
#include "template/text/unicode.hpp"
#include "template/values/nesting.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl {

namespace {

template <class Show>
std::string joined(const std::vector<Value>& items, Show&& show) {
    std::string out;
    for (const Value& v : items) {
        if (!out.empty()) out += ", ";
        out += show(v);
    }
    return out;
}

} // namespace

std::string repr_text(std::string_view text) {
    const bool single = text.find('\'') != std::string_view::npos,
               twice = text.find('"') != std::string_view::npos;
    const char quote = single && !twice ? '"' : '\'';
    std::string out(1, quote);
    for (const std::string& c : split_characters(text)) {
        if (c.size() == 1) {
            const auto byte = static_cast<unsigned char>(c[0]);
            static constexpr char hex[] = "0123456789abcdef";
            if (c[0] == quote || c[0] == '\\')
                out += cat("\\", c);
            else if (c[0] == '\n')
                out += "\\n";
            else if (c[0] == '\r')
                out += "\\r";
            else if (c[0] == '\t')
                out += "\\t";
            else if (byte < 0x20 || byte == 0x7f)
                out += cat("\\x", hex[byte >> 4], hex[byte & 15]);
            else
                out += c;
            continue;
        }
        const char32_t point = code_point(c);
        if (is_printable(point)) {
            out += c;
            continue;
        }
        char escaped[16];
        if (point < 0x100)
            std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(point));
        else if (point < 0x10000)
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(point));
        else
            std::snprintf(escaped, sizeof escaped, "\\U%08x", static_cast<unsigned>(point));
        out += escaped;
    }
    return out + quote;
}

std::string repr(const Value& v) {
    check_stack();
    static thread_local std::vector<const Object*> open;
    const bool container =
        v.is(Kind::list) || v.is(Kind::tuple) || v.is(Kind::dict) || v.is(Kind::set);
    if (container && std::find(open.begin(), open.end(), v.object()) != open.end())
        return v.is(Kind::list) ? "[...]" : v.is(Kind::dict) ? "{...}" : "(...)";
    struct Open {
        explicit Open(const Object* o) { open.push_back(o); }
        ~Open() { open.pop_back(); }
    };
    const auto show = [](const Value& item) { return repr(item); };
    switch (v.kind()) {
    case Kind::undefined:
        return "Undefined"; // StrictUndefined refuses str(), and repr() it does not
    case Kind::none: return "None";
    case Kind::boolean: return v.boolean() ? "True" : "False";
    case Kind::integer: return cat(v.integer());
    case Kind::real: return repr_real(v.real());
    case Kind::text:
        return v.as<Text>().markup ? cat("Markup(", repr_text(v.text()), ")") : repr_text(v.text());
    case Kind::view: {
        std::string out;
        for (const Dict::Slot& s : v.as<View>().of.as<Dict>().slots) {
            if (!s.live) continue;
            if (!out.empty()) out += ", ";
            switch (v.as<View>().what) {
            case View::What::keys: out += repr(s.key); break;
            case View::What::values: out += repr(s.value); break;
            case View::What::items: out += cat("(", repr(s.key), ", ", repr(s.value), ")"); break;
            }
        }
        return cat(type_name(v), "([", out, "])");
    }
    case Kind::bytes: {
        const bool single = v.text().find('\'') != std::string_view::npos,
                   twice = v.text().find('"') != std::string_view::npos;
        const char quote = single && !twice ? '"' : '\'';
        std::string out = cat("b", quote);
        for (const char c : v.text()) {
            const auto byte = static_cast<unsigned char>(c);
            char escaped[8];
            if (c == quote || c == '\\')
                out += cat("\\", c);
            else if (c == '\n')
                out += "\\n";
            else if (c == '\r')
                out += "\\r";
            else if (c == '\t')
                out += "\\t";
            else if (byte < 0x20 || byte >= 0x7f) {
                std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
                out += escaped;
            } else
                out += c;
        }
        return out + quote;
    }
    case Kind::list: {
        const Open here(v.object());
        return cat("[", joined(v.items(), show), "]");
    }
    case Kind::tuple: {
        const Open here(v.object());
        if (const Record* const r = record(v)) {
            std::size_t i = 0;
            return cat(r->type, "(", joined(r->items, [&](const Value& item) {
                           return cat(r->fields[i++], "=", repr(item));
                       }), ")");
        }
        return v.items().size() == 1 ? cat("(", repr(v.items()[0]), ",)")
                                     : cat("(", joined(v.items(), show), ")");
    }
    case Kind::dict:
    case Kind::set: {
        const Open here(v.object());
        const bool set = v.is(Kind::set), ordered = v.as<Dict>().ordered;
        std::string out;
        for (const std::size_t i : order_of(v)) {
            const Dict::Slot& s = v.as<Dict>().slots[i];
            if (!out.empty()) out += ", ";
            out += set       ? repr(s.key)
                   : ordered ? cat("(", repr(s.key), ", ", repr(s.value), ")")
                             : cat(repr(s.key), ": ", repr(s.value));
        }
        if (ordered) return out.empty() ? "OrderedDict()" : cat("OrderedDict([", out, "])");
        if (set && v.as<Dict>().frozen)
            return out.empty() ? "frozenset()" : cat("frozenset({", out, "})");
        return set && out.empty() ? "set()" : cat("{", out, "}");
    }
    case Kind::range: {
        const Range& r = v.as<Range>();
        return r.step == 1 ? cat("range(", r.start, ", ", r.stop, ")")
                           : cat("range(", r.start, ", ", r.stop, ", ", r.step, ")");
    }
    case Kind::callable:
        if (v.as<Callable>().type) return cat("<class '", v.as<Callable>().name, "'>");
        if (v.as<Callable>().builtin) return cat("<built-in function ", v.as<Callable>().name, ">");
        if (v.as<Callable>().macro) {
            const std::string& name = v.as<Callable>().name;
            return name.empty() ? "<Macro anonymous>" : cat("<Macro ", repr_text(name), ">");
        }
        raise("NotSupported", cat("the text of the function ", v.as<Callable>().name));
    case Kind::iterator:
        raise("NotSupported",
              cat("the text of a ", v.as<Iterator>().type, ": a list is missing around it"));
    case Kind::names: raise("NotSupported", cat("the text of a ", type_name(v)));
    }
    return "";
}

std::string str(const Value& v) {
    if (v.is(Kind::text)) return std::string(v.text());
    if (v.is(Kind::undefined) && lenient(v)) return {};
    if (v.is(Kind::names) && v.as<Names>().find) // a module of a template is its output
        if (const auto body = v.as<Names>().find("__str__")) return std::string(body->text());
    return repr(v);
}

} // namespace rs::tmpl
