// SPDX-License-Identifier: Apache-2.0
// urllib.parse.
#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/text/unicode.hpp"
#include "template/text/urls.hpp"
#include "template/values/iterate.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

std::string_view url_of(const Value& v) {
    must_be_defined(v);
    if (v.is(ValueKind::bytes)) raise("NotSupported", "URLs of bytes: decode() them");
    // None and what else is empty is as if it were an empty text of bytes, of which nobody can mean the result.
    if (!v.is(ValueKind::text)) raise("TypeError", cat("a URL must be str, not ", type_name(v)));
    return v.text();
}

Value port_of(const std::optional<std::string>& port) {
    if (!port) return {};
    if (port->find_first_not_of("0123456789") != std::string::npos)
        raise("ValueError", cat("Port could not be cast to integer value as ", repr_text(*port)));
    const std::string digits = port->substr(std::min(port->find_first_not_of('0'), port->size()));
    const int number = digits.size() > 5 ? 65536 : digits.empty() ? 0 : std::stoi(digits);
    if (number > 65535) raise("ValueError", "Port out of range 0-65535");
    return std::int64_t{number};
}

Value result_of(Heap& heap, const url::Parts& parts, bool with_params) {
    Record* const r = heap.make<Record>();
    r->type = with_params ? "ParseResult" : "SplitResult";
    r->fields = {"scheme", "netloc", "path", "query", "fragment"};
    r->items = {heap.text(parts.scheme), heap.text(parts.netloc), heap.text(parts.path),
                heap.text(parts.query), heap.text(parts.fragment)};
    if (with_params) {
        r->fields.insert(r->fields.begin() + 3, "params");
        r->items.insert(r->items.begin() + 3, heap.text(parts.params));
    }
    r->find = [&heap, parts](std::string_view name) -> std::optional<Value> {
        const url::Host host = url::host_of(parts.netloc);
        const auto text = [&](const std::optional<std::string>& t) {
            return t ? heap.text(*t) : Value();
        };
        if (name == "hostname") return text(host.name);
        if (name == "username") return text(host.user);
        if (name == "password") return text(host.password);
        if (name == "port") return port_of(host.port);
        if (name == "geturl")
            return heap.function("geturl", [parts](Call& c) {
                positional_only(c, 0, 0);
                return c.heap.text(url::unsplit(parts));
            });
        if (name == "_replace")
            raise("NotSupported", "_replace() of a URL: urlunparse() of a list makes another one");
        return std::nullopt;
    };
    return {ValueKind::tuple, r};
}

template <bool WithParams>
Value parsed(Call& c) {
    const auto a = c.bind({"url", "scheme", "allow_fragments"}, 1);
    const std::string_view url = url_of(*a[0]),
                           scheme = a[1] != nullptr ? url_of(*a[1]) : std::string_view();
    const bool fragments = a[2] == nullptr || truth(*a[2]);
    return result_of(c.heap,
                     WithParams ? url::parse(url, scheme, fragments)
                                : url::split(url, scheme, fragments),
                     WithParams);
}

template <bool WithParams>
Value unparsed(Call& c) {
    const std::vector<Value> items = items_of(c.heap, *c.bind({"components"}, 1)[0]);
    constexpr std::size_t count = WithParams ? 6 : 5;
    if (items.size() != count)
        raise("ValueError", cat("components must be ", count, ", not ", items.size()));
    url::Parts p;
    std::vector<std::string*> into = {&p.scheme, &p.netloc, &p.path,
                                      &p.params, &p.query,  &p.fragment};
    if (!WithParams) into.erase(into.begin() + 3);
    for (std::size_t i = 0; i < count; ++i) *into[i] = url_of(items[i]);
    return c.heap.text(url::unsplit(p));
}

Value urljoin(Call& c) {
    const auto a = c.bind({"base", "url", "allow_fragments"}, 2);
    return c.heap.text(url::join(url_of(*a[0]), url_of(*a[1]), a[2] == nullptr || truth(*a[2])));
}

Value urldefrag(Call& c) {
    const std::string_view url = url_of(*c.bind({"url"}, 1)[0]);
    Record* const r = c.heap.make<Record>();
    r->type = "DefragResult";
    r->fields = {"url", "fragment"};
    std::string fragment, rest(url);
    if (url.find('#') != std::string_view::npos) {
        url::Parts p = url::parse(url);
        fragment = std::exchange(p.fragment, {});
        rest = url::unsplit(p);
    }
    r->items = {c.heap.text(std::move(rest)), c.heap.text(std::move(fragment))};
    return {ValueKind::tuple, r};
}

void only_utf8(const Value* encoding, const Value* errors, std::string_view usual_errors) {
    if (given(encoding)) {
        std::string name = lower(text_of(*encoding, "encoding"));
        std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
        if (name != "utf8") raise("NotSupported", cat("the encoding ", encoding->text()));
    }
    if (given(errors) && text_of(*errors, "errors") != usual_errors)
        raise("NotSupported", cat("errors = ", repr(*errors)));
}

std::string quoted(const Value& what, const Value* safe, std::string_view usual_safe, bool plus) {
    must_be_defined(what);
    if (!is_string(what)) raise("TypeError", "quote_from_bytes() expected bytes");
    if (safe != nullptr && !is_string(*safe)) raise("TypeError", "safe must be str or bytes");
    const std::string_view bytes = what.text();
    std::string keep(safe != nullptr ? safe->text() : usual_safe);
    plus = plus && bytes.find(' ') != std::string_view::npos;
    if (plus) keep += ' ';
    std::string out = url::quote(bytes, keep);
    if (plus) std::replace(out.begin(), out.end(), ' ', '+');
    return out;
}

template <bool Plus>
Value quote(Call& c) {
    const auto a = c.bind({"string", "safe", "encoding", "errors"}, 1);
    if (a[0]->is(ValueKind::bytes) && (given(a[2]) || given(a[3])))
        raise("TypeError", "quote() doesn't support 'encoding' for bytes");
    only_utf8(a[2], a[3], "strict");
    return c.heap.text(quoted(*a[0], a[1], Plus ? "" : "/", Plus));
}

template <bool Plus>
Value unquote(Call& c) {
    const auto a = c.bind({"string", "encoding", "errors"}, 1);
    only_utf8(a[1], a[2], "replace");
    must_be_defined(*a[0]);
    if (a[0]->is(ValueKind::bytes) && !Plus)
        return c.heap.text(url::decode_replacing(url::unquote_bytes(a[0]->text())));
    std::string text(text_of(*a[0], "string"));
    if (Plus) std::replace(text.begin(), text.end(), '+', ' ');
    return c.heap.text(url::unquote(text));
}

Value urlencode(Call& c) {
    const auto a = c.bind({"query", "doseq", "safe", "encoding", "errors", "quote_via"}, 1);
    if (given(a[3]) || given(a[4])) raise("NotSupported", "urlencode() with an encoding");
    if (a[5] != nullptr) raise("NotSupported", "urlencode() with quote_via");
    Value query = *a[0];
    must_be_defined(query);
    if (query.is(ValueKind::dict)) {
        query = c.interpreter.call(c.interpreter.attribute(query, "items"), {});
    } else if (query.is(ValueKind::list) || query.is(ValueKind::tuple)) {
        if (!query.items().empty() && !query.items()[0].is(ValueKind::tuple))
            raise("TypeError", "not a valid non-string sequence or mapping object");
    } else if (!(is_string(query) && query.text().empty())) {
        raise("TypeError", "not a valid non-string sequence or mapping object");
    }
    const bool each_of = a[1] != nullptr && truth(*a[1]);
    const auto word = [&](const Value& v) {
        return quoted(is_string(v) ? v : c.heap.text(str(v)), a[2], "", true);
    };
    std::string out;
    const auto add = [&](const std::string& key, const Value& v) {
        out += cat(out.empty() ? "" : "&", key, "=", word(v));
    };
    for (const Value& pair : items_of(c.heap, query)) {
        const std::vector<Value> both = items_of(c.heap, pair);
        if (both.size() != 2) raise("ValueError", "not pairs of a key and a value");
        const std::string key = word(both[0]);
        const Value& v = both[1];
        const bool several = v.is(ValueKind::list) || v.is(ValueKind::tuple) ||
                             v.is(ValueKind::dict) || v.is(ValueKind::set) ||
                             v.is(ValueKind::range) || v.is(ValueKind::view);
        if (each_of && several)
            for (const Value& item : items_of(c.heap, v)) add(key, item);
        else
            add(key, v);
    }
    return c.heap.text(std::move(out));
}

std::vector<std::pair<Value, Value>> query_of(Call& c) {
    const auto a = c.bind({"qs", "keep_blank_values", "strict_parsing", "encoding", "errors",
                           "max_num_fields", "separator"},
                          1);
    only_utf8(a[3], a[4], "replace");
    const bool blanks = a[1] != nullptr && truth(*a[1]), strict = a[2] != nullptr && truth(*a[2]);
    const std::string_view separator = a[6] != nullptr ? url_of(*a[6]) : "&";
    if (separator.empty()) raise("ValueError", "Separator must be of type string or bytes.");
    std::string_view rest = url_of(*a[0]);
    std::vector<std::pair<Value, Value>> out;
    std::vector<std::string_view> fields;
    if (!rest.empty())
        for (;;) {
            const std::size_t at = rest.find(separator);
            fields.push_back(rest.substr(0, at));
            if (at == std::string_view::npos) break;
            rest.remove_prefix(at + separator.size());
        }
    if (given(a[5]) && int_of(*a[5]) < static_cast<std::int64_t>(fields.size()))
        raise("ValueError", "Max number of fields exceeded");
    const auto word = [&](std::string_view text) {
        std::string t(text);
        std::replace(t.begin(), t.end(), '+', ' ');
        return c.heap.text(url::unquote(t));
    };
    for (const std::string_view field : fields) {
        if (field.empty() && !strict) continue;
        const std::size_t equal = field.find('=');
        if (equal == std::string_view::npos) {
            if (strict) raise("ValueError", cat("bad query field: ", repr_text(field)));
            if (blanks) out.emplace_back(word(field), c.heap.text(""));
        } else if (blanks || equal + 1 < field.size()) {
            out.emplace_back(word(field.substr(0, equal)), word(field.substr(equal + 1)));
        }
    }
    return out;
}

Value parse_qsl(Call& c) {
    std::vector<Value> out;
    for (const auto& [key, value] : query_of(c)) out.push_back(c.heap.tuple({key, value}));
    return c.heap.list(std::move(out));
}

Value parse_qs(Call& c) {
    const Value out = c.heap.dict();
    for (const auto& [key, value] : query_of(c)) {
        if (const Value* const there = find(out.as<Dict>(), key))
            there->items().push_back(value);
        else
            put(c.heap, out.as<Dict>(), key, c.heap.list({value}));
    }
    return out;
}

constexpr Function functions[] = {
    {"parse_qs", parse_qs},
    {"parse_qsl", parse_qsl},
    {"quote", quote<false>},
    {"quote_plus", quote<true>},
    {"unquote", unquote<false>},
    {"unquote_plus", unquote<true>},
    {"unquote_to_bytes",
     [](Call& c) {
         const Value& v = *c.bind({"string"}, 1)[0];
         return c.heap.bytes(
             url::unquote_bytes(v.is(ValueKind::bytes) ? v.text() : text_of(v, "string")));
     }},
    {"urldefrag", urldefrag},
    {"urlencode", urlencode},
    {"urljoin", urljoin},
    {"urlparse", parsed<true>},
    {"urlsplit", parsed<false>},
    {"urlunparse", unparsed<true>},
    {"urlunsplit", unparsed<false>},
};
constexpr Refusal refusals[] = {{"ParseResult", "urlparse() makes one"},
                                {"SplitResult", "urlsplit() makes one"}};

} // namespace

Value module_urllib_parse(Interpreter& in) {
    return make_module(in, "urllib.parse", functions, refusals);
}

} // namespace rs::tmpl
