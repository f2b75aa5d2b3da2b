// SPDX-License-Identifier: Apache-2.0
// re: patterns, matches, and the functions that make a pattern first.
#include <algorithm>
#include <functional>

#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/regex/match.hpp"
#include "template/regex/replacement.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

using Spans = Regex::Spans;

namespace {

struct Flag : Names { // re.I: Python shows it by its name, so it is no number here
    std::int64_t bits = 0;
};

std::int64_t flags_of(const Value* v) {
    if (v == nullptr) return 0;
    if (v->is(ValueKind::names))
        if (const auto* const f = dynamic_cast<const Flag*>(v->object())) return f->bits;
    const std::int64_t bits = int_of(*v);
    if ((bits & ~std::int64_t{2 | 4 | 8 | 16 | 32 | 64 | 128 | 256}) != 0)
        raise("NotSupported", cat("the flags ", bits, " of a regular expression"));
    return bits;
}

// ---- what a pattern does ----

Value run(Call& c, const Value& pattern, const Subject& s, Regex::Where where) {
    c.interpreter.step();
    if (s.from > s.text.size()) return {};
    auto found = pattern_in(pattern)->regex->run(s.text, s.from, where);
    return found ? match_of(c.heap, pattern, s, std::move(*found)) : Value();
}

// Every match, from left to right; an empty one may follow directly behind another one, but not at the same place.
class Scanner {
public:
    Scanner(Interpreter& in, const Value& pattern, const Subject& s)
        : in_(in), regex_(pattern_in(pattern)->regex), s_(s), at_(s.from) {}
    std::optional<Spans> next() {
        in_.step();
        if (at_ > s_.text.size()) return std::nullopt;
        auto found = regex_->run(s_.text, at_, Regex::Where::search, advance_);
        if (!found) {
            at_ = SIZE_MAX;
            return std::nullopt;
        }
        advance_ = (*found)[0].first == (*found)[0].second;
        at_ = (*found)[0].second;
        return found;
    }

private:
    Interpreter& in_;
    std::shared_ptr<const Regex> regex_;
    Subject s_;
    std::size_t at_;
    bool advance_ = false;
};

Value findall(Call& c, const Value& pattern, const Subject& s) {
    Scanner scanner(c.interpreter, pattern, s);
    std::vector<Value> out;
    const Value nothing = c.heap.text("");
    while (const auto found = scanner.next()) {
        c.heap.spend(sizeof(Value));
        if (found->size() <= 2) {
            out.push_back(group_text(c.heap, s, *found, found->size() - 1, nothing));
            continue;
        }
        std::vector<Value> row;
        for (std::size_t i = 1; i < found->size(); ++i)
            row.push_back(group_text(c.heap, s, *found, i, nothing));
        out.push_back(c.heap.tuple(std::move(row)));
    }
    return c.heap.list(std::move(out));
}

Value finditer(Call& c, const Value& pattern, const Subject& s) {
    return c.heap.iterator(
        "callable_iterator",
        [&heap = c.heap, pattern, s,
         scanner = Scanner(c.interpreter, pattern, s)]() mutable -> std::optional<Value> {
            auto found = scanner.next();
            return found ? std::optional(match_of(heap, pattern, s, std::move(*found)))
                         : std::nullopt;
        });
}

Value split(Call& c, const Value& pattern, const Value& string, const Value* most) {
    const Subject s = subject_of(string);
    std::int64_t left = most != nullptr ? int_of(*most) : 0;
    const bool all = left <= 0; // a negative one: no split at all
    if (left < 0) return c.heap.list({string});
    Scanner scanner(c.interpreter, pattern, s);
    std::vector<Value> out;
    std::size_t at = 0;
    while (all || left-- > 0) {
        const auto found = scanner.next();
        if (!found) break;
        c.heap.spend(sizeof(Value) * found->size());
        out.push_back(c.heap.text(std::string(s.text.substr(at, (*found)[0].first - at))));
        for (std::size_t i = 1; i < found->size(); ++i)
            out.push_back(group_text(c.heap, s, *found, i, {}));
        at = (*found)[0].second;
    }
    out.push_back(c.heap.text(std::string(s.text.substr(at))));
    return c.heap.list(std::move(out));
}

Value substitute(Call& c, const Value& pattern, const Value& by, const Value& string,
                 const Value* count, bool tell) {
    const Subject s = subject_of(string);
    std::int64_t left = count != nullptr ? int_of(*count) : 0, done = 0;
    const bool all = left == 0;
    must_be_defined(by);
    const bool function = by.is(ValueKind::callable) || by.is(ValueKind::names);
    std::optional<Replacement> replacement;
    if (!function) replacement.emplace(*pattern_in(pattern)->regex, text_of(by, "repl"));
    Scanner scanner(c.interpreter, pattern, s);
    std::string out;
    std::size_t at = 0;
    while (all || left-- > 0) {
        auto found = scanner.next();
        if (!found) break;
        const auto [from, to] = (*found)[0];
        std::string part(s.text.substr(at, from - at));
        if (function) {
            const Value v =
                c.interpreter.call(by, {match_of(c.heap, pattern, s, std::move(*found))});
            if (!v.is(ValueKind::none)) part += text_of(v, "what the function gives");
        } else {
            part += replacement->expand(s.text, *found);
        }
        c.heap.spend(part.size());
        out += part;
        at = to;
        ++done;
    }
    out += s.text.substr(at);
    const Value text = c.heap.text(std::move(out));
    return tell ? c.heap.tuple({text, done}) : text;
}

// ---- patterns ----

Value compile(Interpreter& in, const Value& pattern, std::int64_t flags) {
    must_be_defined(pattern);
    if (pattern_in(pattern) != nullptr) {
        if (flags != 0)
            raise("ValueError", "cannot process flags argument with a compiled pattern");
        return pattern;
    }
    if (pattern.is(ValueKind::bytes)) raise("NotSupported", "regular expressions of bytes");
    if (!pattern.is(ValueKind::text))
        raise("TypeError", "first argument must be string or compiled pattern");
    const std::string key = cat("re ", flags, " ", pattern.text());
    if (const auto made = in.imported.find(key); made != in.imported.end()) return made->second;
    Heap& heap = in.heap();
    heap.spend(4096 + 32 * pattern.text().size()); // what PCRE2 makes of it, about
    const auto regex = std::make_shared<const Regex>(pattern.text(), flags);
    Pattern* const p = heap.make<Pattern>();
    p->what = Names::What::object;
    p->name = "re.Pattern";
    p->regex = regex;
    const Value out(ValueKind::names, p);
    const auto add = [&](const char* name, std::function<Value(Call&)> f) {
        p->values[name] = heap.function(name, std::move(f));
    };
    const auto one = [out](Regex::Where where) {
        return [out, where](Call& c) {
            const auto a = c.bind({"string", "pos", "endpos"}, 1);
            return run(c, out, subject_of(*a[0], a[1], a[2]), where);
        };
    };
    add("search", one(Regex::Where::search));
    add("match", one(Regex::Where::match));
    add("fullmatch", one(Regex::Where::full));
    add("findall", [out](Call& c) {
        const auto a = c.bind({"string", "pos", "endpos"}, 1);
        return findall(c, out, subject_of(*a[0], a[1], a[2]));
    });
    add("finditer", [out](Call& c) {
        const auto a = c.bind({"string", "pos", "endpos"}, 1);
        return finditer(c, out, subject_of(*a[0], a[1], a[2]));
    });
    add("split", [out](Call& c) {
        const auto a = c.bind({"string", "maxsplit"}, 1);
        return split(c, out, *a[0], a[1]);
    });
    add("sub", [out](Call& c) {
        const auto a = c.bind({"repl", "string", "count"}, 2);
        return substitute(c, out, *a[0], *a[1], a[2], false);
    });
    add("subn", [out](Call& c) {
        const auto a = c.bind({"repl", "string", "count"}, 2);
        return substitute(c, out, *a[0], *a[1], a[2], true);
    });
    p->values["pattern"] = pattern;
    p->values["flags"] = regex->source().flags;
    p->values["groups"] = static_cast<std::int64_t>(regex->source().groups);
    const Value index = heap.dict();
    for (const auto& [name, number] : regex->source().names)
        put(heap, index.as<Dict>(), heap.text(name), static_cast<std::int64_t>(number));
    p->values["groupindex"] = index;
    in.imported.emplace(key, out);
    return out;
}

template <Regex::Where W>
Value first(Call& c) {
    const auto a = c.bind({"pattern", "string", "flags"}, 2);
    return run(c, compile(c.interpreter, *a[0], flags_of(a[2])), subject_of(*a[1]), W);
}

template <bool Tell>
Value sub(Call& c) {
    const auto a = c.bind({"pattern", "repl", "string", "count", "flags"}, 3);
    return substitute(c, compile(c.interpreter, *a[0], flags_of(a[4])), *a[1], *a[2], a[3], Tell);
}

Value escape(Call& c) {
    std::string out;
    for (const char ch : text_of(*c.bind({"pattern"}, 1)[0], "pattern")) {
        if (std::string_view("()[]{}?*+-|^$\\.&~# \t\n\r\v\f").find(ch) != std::string_view::npos)
            out += '\\';
        out += ch;
    }
    return c.heap.text(std::move(out));
}

constexpr Function functions[] = {
    {"compile",
     [](Call& c) {
         const auto a = c.bind({"pattern", "flags"}, 1);
         return compile(c.interpreter, *a[0], flags_of(a[1]));
     }},
    {"escape", escape},
    {"findall",
     [](Call& c) {
         const auto a = c.bind({"pattern", "string", "flags"}, 2);
         return findall(c, compile(c.interpreter, *a[0], flags_of(a[2])), subject_of(*a[1]));
     }},
    {"finditer",
     [](Call& c) {
         const auto a = c.bind({"pattern", "string", "flags"}, 2);
         return finditer(c, compile(c.interpreter, *a[0], flags_of(a[2])), subject_of(*a[1]));
     }},
    {"fullmatch", first<Regex::Where::full>},
    {"match", first<Regex::Where::match>},
    {"search", first<Regex::Where::search>},
    {"split",
     [](Call& c) {
         const auto a = c.bind({"pattern", "string", "maxsplit", "flags"}, 2);
         return split(c, compile(c.interpreter, *a[0], flags_of(a[3])), *a[1], a[2]);
     }},
    {"sub", sub<false>},
    {"subn", sub<true>},
};
constexpr Refusal refusals[] = {{"error", "templates catch no errors"},
                                {"Match", "templates have no classes"},
                                {"Pattern", "templates have no classes"},
                                {"purge", "there is nothing to purge"}};

} // namespace

Value module_re(Interpreter& in) {
    const Value out = make_module(in, "re", functions, refusals);
    namespace f = regex_flag;
    const std::pair<const char*, std::int64_t> flags[] = {
        {"A", f::ascii},       {"ASCII", f::ascii},
        {"I", f::ignore_case}, {"IGNORECASE", f::ignore_case},
        {"M", f::multi_line},  {"MULTILINE", f::multi_line},
        {"S", f::dot_all},     {"DOTALL", f::dot_all},
        {"U", f::unicode},     {"UNICODE", f::unicode},
        {"X", f::verbose},     {"VERBOSE", f::verbose}};
    for (const auto& [name, bits] : flags) {
        Flag* const flag = in.heap().make<Flag>();
        flag->what = Names::What::object;
        flag->name = "RegexFlag";
        flag->bits = bits;
        set_attribute(out, name, Value(ValueKind::names, flag));
    }
    return out;
}

} // namespace rs::tmpl
