// SPDX-License-Identifier: Apache-2.0
#include "template/modules/modules.hpp"

#include <algorithm>
#include <numeric>

#include "base/closest.hpp"
#include "base/text.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

// A package that holds only modules.
Value urllib(Interpreter& in) {
    const Value out = make_module(in, "urllib", {}, {});
    set_attribute(out, "parse", import_module(in, "urllib.parse"));
    return out;
}

Value six_moves(Interpreter& in) {
    const Value out = make_module(in, "six.moves", {}, {});
    set_attribute(out, "urllib", import_module(in, "urllib"));
    for (const char* const name : {"filter", "map", "range", "zip"})
        set_attribute(out, name, python_builtin(in, name));
    set_attribute(out, "xrange", python_builtin(in, "range"));
    set_attribute(out, "reduce", in.attribute(import_module(in, "functools"), "reduce"));
    return out;
}

struct Known {
    std::string_view name, same_as; // same_as: another name of that module
    Value (*make)(Interpreter&);
};
constexpr Known known[] = {
    {"base64", {}, module_base64},
    {"collections", {}, module_collections},
    {"functools", {}, module_functools},
    {"hashlib", {}, module_hashlib},
    {"itertools", {}, module_itertools},
    {"json", {}, module_json},
    {"math", {}, module_math},
    {"operator", {}, module_operator},
    {"os", {}, module_os},
    {"os.path", {}, module_os_path},
    {"posixpath", "os.path", nullptr},
    {"re", {}, module_re},
    {"shlex", {}, module_shlex},
    {"six", {}, module_six},
    {"six.moves", {}, six_moves},
    {"six.moves.urllib", "urllib", nullptr},
    {"six.moves.urllib.parse", "urllib.parse", nullptr},
    {"six.moves.urllib_parse", "urllib.parse", nullptr},
    {"string", {}, module_string},
    {"sys", {}, module_sys},
    {"urllib", {}, urllib},
    {"urllib.parse", {}, module_urllib_parse},
    {"urlparse", "urllib.parse", nullptr}, // its name in Python 2, still in old profiles
};

[[noreturn]] void unknown(std::string_view name) {
    std::string all;
    Closest closest(name);
    for (const Known& k : known) {
        all += cat(all.empty() ? "" : ", ", k.name);
        closest.consider(k.name);
    }
    const std::string& close = closest.found();
    raise("ModuleNotFoundError",
          cat("no stand-in for the module ", repr_text(name),
              close.empty() ? "" : cat(", perhaps ", repr_text(close), " is meant"), "; there are ",
              all));
}

} // namespace

Value import_module(Interpreter& in, std::string_view name) {
    const auto at = std::find_if(std::begin(known), std::end(known),
                                 [&](const Known& k) { return k.name == name; });
    if (at == std::end(known)) unknown(name);
    if (!at->same_as.empty()) return import_module(in, at->same_as);
    const std::string key = cat("module ", name); // beside the functions, whose names have no blank
    if (const auto made = in.imported.find(key); made != in.imported.end()) return made->second;
    return in.imported.emplace(key, at->make(in)).first->second;
}

Value make_module(Interpreter& in, std::string name, std::span<const Function> functions,
                  std::span<const Refusal> refusals) {
    Names* const n = in.heap().make<Names>();
    n->what = Names::What::module;
    n->name = std::move(name);
    for (const Function& f : functions) n->values[f.name] = in.heap().function(f.name, f.call);
    if (!refusals.empty())
        n->find = [refusals, module = n->name](std::string_view attribute) -> std::optional<Value> {
            for (const Refusal& r : refusals)
                if (attribute == r.name)
                    raise("NotSupported", cat(module, ".", attribute, ": ", r.why));
            return std::nullopt;
        };
    return {ValueKind::names, n};
}

void set_attribute(const Value& module, std::string name, const Value& value) {
    module.as<Names>().values[std::move(name)] = value;
}

Value make_object(Heap& heap, std::string type) {
    Names* const n = heap.make<Names>();
    n->what = Names::What::object;
    n->name = std::move(type);
    return {ValueKind::names, n};
}

Value python_builtin(Interpreter& in, std::string_view name) {
    if (!in.imported.contains(name))
        static_cast<void>(python_builtins(in)); // which makes all of them
    const auto at = in.imported.find(name);
    RS_ASSERT(at != in.imported.end());
    return at->second;
}

std::vector<const Value*> bind(const Call& c, std::initializer_list<std::string_view> names,
                               std::size_t required, std::size_t positional) {
    if (c.args.size() > positional)
        raise("TypeError", cat(c.what, "() takes ", positional, " positional arguments but ",
                               c.args.size(), c.args.size() == 1 ? " was" : " were", " given"));
    return c.bind(names, required);
}

void positional_only(const Call& c, std::size_t least, std::size_t most) {
    if (!c.named.empty()) raise("TypeError", cat(c.what, "() takes no keyword arguments"));
    if (c.args.size() < least || c.args.size() > most)
        raise("TypeError",
              cat(c.what, " expected ", c.args.size() < least ? "at least " : "at most ",
                  c.args.size() < least ? least : most, " arguments, got ", c.args.size()));
    for (const Value& v : c.args) must_be_defined(v);
}

bool is_string(const Value& v) { return v.is(ValueKind::text) || v.is(ValueKind::bytes); }

} // namespace rs::tmpl
