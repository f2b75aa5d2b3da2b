// SPDX-License-Identifier: Apache-2.0
// six: as it is under Python 3. Templates of profiles use it everywhere.
#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/text/unicode.hpp"
#include "template/values/iterate.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

Value view_of(Call& c, const char* name) {
    positional_only(c, 1, 1);
    const Value view = c.interpreter.attribute(c.args[0], name);
    if (!c.args[0].is(ValueKind::dict))
        raise("AttributeError",
              cat("'", type_name(c.args[0]), "' object has no attribute '", name, "'"));
    return c.interpreter.call(view, {});
}

Value iterate_over(Call& c, const char* name) {
    return iterator_of(c.interpreter, view_of(c, name));
}

// six.ensure_str, _text, _binary(s, encoding='utf-8', errors='strict').
Value ensured(Call& c, bool text) {
    const auto a = c.bind({"s", "encoding", "errors"}, 1);
    const Value& s = *a[0];
    must_be_defined(s);
    if (!is_string(s)) raise("TypeError", cat("not expecting type '", type_name(s), "'"));
    if (s.is(ValueKind::text) == text) return s;
    if (given(a[1]) && a[1]->text() != "utf-8")
        raise("NotSupported", cat("the encoding ", str(*a[1])));
    return c.interpreter.call(c.interpreter.attribute(s, text ? "decode" : "encode"), {});
}

// A byte for each character below 256, as latin-1.
Value b(Call& c) {
    const std::string_view s = text_of(*c.bind({"s"}, 1)[0], "s");
    std::string out;
    for (const std::string& character : split_characters(s)) {
        const char32_t p = code_point(character);
        if (p > 255)
            raise("UnicodeEncodeError",
                  "'latin-1' codec can't encode a character: ordinal not in range(256)");
        out += static_cast<char>(p);
    }
    return c.heap.bytes(std::move(out));
}

constexpr Function functions[] = {
    {"b", b},
    {"ensure_binary", [](Call& c) { return ensured(c, false); }},
    {"ensure_str", [](Call& c) { return ensured(c, true); }},
    {"ensure_text", [](Call& c) { return ensured(c, true); }},
    {"iteritems", [](Call& c) { return iterate_over(c, "items"); }},
    {"iterkeys", [](Call& c) { return iterate_over(c, "keys"); }},
    {"itervalues", [](Call& c) { return iterate_over(c, "values"); }},
    {"u", [](Call& c) { return *c.bind({"s"}, 1)[0]; }},
    {"viewitems", [](Call& c) { return view_of(c, "items"); }},
    {"viewkeys", [](Call& c) { return view_of(c, "keys"); }},
    {"viewvalues", [](Call& c) { return view_of(c, "values"); }},
};
constexpr const char* no_classes = "templates have no classes";
constexpr Refusal refusals[] = {{"BytesIO", "a template reads and writes no files"},
                                {"StringIO", "a template reads and writes no files"},
                                {"add_metaclass", no_classes},
                                {"class_types", no_classes},
                                {"with_metaclass", no_classes}};

} // namespace

Value module_six(Interpreter& in) {
    const Value out = make_module(in, "six", functions, refusals);
    const Value text = python_builtin(in, "str"), integer = python_builtin(in, "int");
    set_attribute(out, "text_type", text);
    set_attribute(out, "binary_type", python_builtin(in, "bytes"));
    set_attribute(out, "string_types", in.heap().tuple({text}));
    set_attribute(out, "integer_types", in.heap().tuple({integer}));
    set_attribute(out, "unichr", python_builtin(in, "chr"));
    set_attribute(out, "callable", python_builtin(in, "callable"));
    set_attribute(out, "next", python_builtin(in, "next"));
    set_attribute(out, "advance_iterator", python_builtin(in, "next"));
    set_attribute(out, "PY2", false);
    set_attribute(out, "PY3", true);
    set_attribute(out, "PY34", true);
    set_attribute(out, "MAXSIZE", INT64_MAX);
    set_attribute(out, "moves", import_module(in, "six.moves"));
    return out;
}

} // namespace rs::tmpl
