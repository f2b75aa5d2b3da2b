// SPDX-License-Identifier: Apache-2.0
// string, sys: constants of Python.
#include "base/text.hpp"
#include "template/modules/modules.hpp"

namespace rs::tmpl {

namespace {

constexpr Refusal string_refusals[] = {
    {"Template", "templates have format() and % for it"},
    {"Formatter", "templates have format() and % for it"},
    {"capwords", "the filter title and the method capitalize are there"}};

constexpr const char* of_the_process = "there is no Python process behind a template";
constexpr Refusal sys_refusals[] = {
    {"argv", of_the_process},   {"executable", of_the_process},
    {"exit", of_the_process},   {"modules", of_the_process},
    {"path", of_the_process},   {"prefix", of_the_process},
    {"stderr", of_the_process}, {"stdin", of_the_process},
    {"stdout", of_the_process}, {"version", "sys.version_info has its numbers"},
};

} // namespace

Value module_string(Interpreter& in) {
    const Value out = make_module(in, "string", {}, string_refusals);
    const std::string lower = "abcdefghijklmnopqrstuvwxyz", upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                      digits = "0123456789", marks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
                      blanks = " \t\n\r\v\f";
    const std::pair<const char*, std::string> texts[] = {
        {"ascii_letters", lower + upper},
        {"ascii_lowercase", lower},
        {"ascii_uppercase", upper},
        {"digits", digits},
        {"hexdigits", digits + "abcdefABCDEF"},
        {"octdigits", "01234567"},
        {"punctuation", marks},
        {"printable", digits + lower + upper + marks + blanks},
        {"whitespace", blanks}};
    for (const auto& [name, text] : texts) set_attribute(out, name, in.heap().text(text));
    return out;
}

Value module_sys(Interpreter& in) {
    const Value out = make_module(in, "sys", {}, sys_refusals);
    set_attribute(out, "maxsize", INT64_MAX);
    set_attribute(out, "maxunicode", std::int64_t{0x10ffff});
    set_attribute(out, "platform", in.heap().text("linux"));
    set_attribute(out, "byteorder", in.heap().text("little"));
    // Of the Python whose values these are.
    Record* const version = in.heap().make<Record>();
    version->type = "sys.version_info";
    version->fields = {"major", "minor", "micro", "releaselevel", "serial"};
    version->items = {std::int64_t{3}, std::int64_t{11}, std::int64_t{2}, in.heap().text("final"),
                      std::int64_t{0}};
    set_attribute(out, "version_info", Value(Kind::tuple, version));
    return out;
}

} // namespace rs::tmpl
