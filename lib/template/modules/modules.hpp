// SPDX-License-Identifier: Apache-2.0
// Stand-ins for those modules of Python 3.11 that templates import.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "template/interpreter.hpp"
#include "template/methods/methods.hpp"

namespace rs::tmpl {

// The module of this name, such as "json" or "os.path"; one that is asked for twice is the same one. Not known:
// Failure ModuleNotFoundError, which names the known ones. What a module has not is a NotSupported that says why, or
// else undefined, as any attribute that is not there.
[[nodiscard]] Value import_module(Interpreter& in, std::string_view name);

// ---- for module_*.cpp ----

struct Function {
    const char* name;
    Builtin call;
};
struct Refusal { // what Python has there, and we have not
    const char* name;
    const char* why;
};

[[nodiscard]] Value make_module(Interpreter& in, std::string name,
                                std::span<const Function> functions,
                                std::span<const Refusal> refusals = {});
// One more attribute.
void set_attribute(const Value& module, std::string name, const Value& value);
// An object of this type; its methods are attributes.
[[nodiscard]] Value make_object(Heap& heap, std::string type);
// str, dict, sorted...
[[nodiscard]] Value python_builtin(Interpreter& in, std::string_view name);

// As Call::bind(), but only the first `positional` may be given without their names.
[[nodiscard]] std::vector<const Value*> bind(const Call& c,
                                             std::initializer_list<std::string_view> names,
                                             std::size_t required, std::size_t positional);
// Arguments that have no names, `least` to `most` of them.
void positional_only(const Call& c, std::size_t least, std::size_t most);

// str as UTF-8, or bytes.
[[nodiscard]] bool is_string(const Value& v);

[[nodiscard]] Value module_base64(Interpreter& in);
[[nodiscard]] Value module_collections(Interpreter& in);
[[nodiscard]] Value module_functools(Interpreter& in);
[[nodiscard]] Value module_hashlib(Interpreter& in);
[[nodiscard]] Value module_itertools(Interpreter& in);
[[nodiscard]] Value module_json(Interpreter& in);
[[nodiscard]] Value module_math(Interpreter& in);
[[nodiscard]] Value module_operator(Interpreter& in);
[[nodiscard]] Value module_os(Interpreter& in);
[[nodiscard]] Value module_os_path(Interpreter& in);
[[nodiscard]] Value module_re(Interpreter& in);
[[nodiscard]] Value module_shlex(Interpreter& in);
[[nodiscard]] Value module_six(Interpreter& in);
[[nodiscard]] Value module_string(Interpreter& in);
[[nodiscard]] Value module_sys(Interpreter& in);
[[nodiscard]] Value module_urllib_parse(Interpreter& in);

} // namespace rs::tmpl
