// SPDX-License-Identifier: Apache-2.0
// json: loads, dumps.
#include <cmath>

#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/text/format.hpp"
#include "template/values/json.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

Value loads(Call& c) {
    const auto a = bind(c, {"s"}, 1, 1);
    must_be_defined(*a[0]);
    if (!is_string(*a[0]))
        raise("TypeError",
              cat("the JSON object must be str, bytes or bytearray, not ", type_name(*a[0])));
    if (a[0]->is(ValueKind::bytes) && !valid_utf8(a[0]->text()))
        raise("NotSupported", "json.loads() of bytes that are not UTF-8");
    return parse_json(c.heap, a[0]->text());
}

// Spaces in front of each level; below 0: all on one line.
std::int64_t indent_of(const Value* v) {
    if (!given(v)) return -1;
    if (v->is(ValueKind::text)) {
        if (v->text().find_first_not_of(' ') != std::string_view::npos)
            raise("NotSupported", "json.dumps() with an indent of something else than spaces");
        return static_cast<std::int64_t>(v->text().size());
    }
    return std::max<std::int64_t>(0, int_of(*v));
}

Value dumps(Call& c) {
    const auto a = bind(c,
                        {"obj", "indent", "sort_keys", "separators", "ensure_ascii", "skipkeys",
                         "check_circular", "allow_nan", "cls", "default"},
                        1, 1);
    for (const auto& [i, what] :
         {std::pair(5, "skipkeys"), std::pair(8, "cls"), std::pair(9, "default")})
        if (a[static_cast<std::size_t>(i)] != nullptr && truth(*a[static_cast<std::size_t>(i)]))
            raise("NotSupported", cat("json.dumps() with ", what));
    if (a[7] != nullptr && !truth(*a[7])) raise("NotSupported", "json.dumps() without allow_nan");
    const std::int64_t indent = indent_of(a[1]);
    if (indent > 1000) raise("NotSupported", "json.dumps() with an indent of more than 1000");
    std::string item, key = ": ";
    if (given(a[3])) {
        const std::vector<Value> both = items_of(c.heap, *a[3]);
        if (both.size() != 2)
            raise("ValueError", "separators must be an (item_separator, key_separator) tuple");
        item = text_of(both[0], "item_separator");
        key = text_of(both[1], "key_separator");
        if (item.empty()) raise("NotSupported", "json.dumps() with nothing between two items");
    }
    return c.heap.text(to_json(*a[0], a[2] != nullptr && truth(*a[2]), indent,
                               a[4] == nullptr || truth(*a[4]), item, key));
}

constexpr Function functions[] = {{"dumps", dumps}, {"loads", loads}};
constexpr const char* no_files = "a template reads and writes no files";
constexpr Refusal refusals[] = {{"load", no_files},
                                {"dump", no_files},
                                {"JSONEncoder", "templates have no classes"},
                                {"JSONDecoder", "templates have no classes"}};

} // namespace

Value module_json(Interpreter& in) { return make_module(in, "json", functions, refusals); }

} // namespace rs::tmpl
