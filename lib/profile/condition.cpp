// SPDX-License-Identifier: Apache-2.0
#include "profile/condition.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/error.hpp"
#include "base/text.hpp"
#include "template/interpreter.hpp"

namespace rs::profile {

namespace {

using tmpl::Value;

// Python's version as conditions see it: that of Debian 12.
constexpr std::int64_t python_version[] = {3, 11, 2};

Value module(tmpl::Heap& heap, std::string name,
             std::initializer_list<std::pair<const std::string, Value>> values) {
    tmpl::Names* const out = heap.make<tmpl::Names>();
    out->name = std::move(name);
    for (const auto& [key, value] : values) out->values[key] = value;
    return {tmpl::Kind::names, out};
}

std::string path_argument(tmpl::Call& c) {
    const Value& v = *c.bind({"path"}, 1)[0];
    if (!v.is(tmpl::Kind::text)) tmpl::raise("TypeError", "a path is a str");
    return std::string(v.text());
}

template <class F>
Value path_test(tmpl::Heap& heap, std::string name, F holds) {
    return heap.function(std::move(name), [holds](tmpl::Call& c) -> Value {
        std::error_code ignored; // what cannot be looked at is not there, as for Python
        return holds(std::filesystem::path(path_argument(c)), ignored);
    });
}

Value os_module(tmpl::Heap& heap) {
    namespace fs = std::filesystem;
    using Path = const fs::path&;
    using Code = std::error_code&;
    const Value path = module(
        heap, "os.path",
        {{"exists", path_test(heap, "exists", [](Path p, Code e) { return fs::exists(p, e); })},
         {"isdir", path_test(heap, "isdir", [](Path p, Code e) { return fs::is_directory(p, e); })},
         {"isfile",
          path_test(heap, "isfile", [](Path p, Code e) { return fs::is_regular_file(p, e); })},
         {"islink", path_test(heap, "islink", [](Path p, Code e) { return fs::is_symlink(p, e); })}});
    const Value access = heap.function("access", [](tmpl::Call& c) -> Value {
        const auto a = c.bind({"path", "mode"}, 2);
        if (!a[0]->is(tmpl::Kind::text) || !a[1]->is_int())
            tmpl::raise("TypeError", "os.access(path, mode)");
        const std::string what(a[0]->text());
        return ::access(what.c_str(), static_cast<int>(a[1]->integer() & 7)) == 0;
    });
    return module(heap, "os",
                  {{"path", path},
                   {"access", access},
                   {"name", heap.text("posix")},
                   {"F_OK", std::int64_t{F_OK}},
                   {"R_OK", std::int64_t{R_OK}},
                   {"W_OK", std::int64_t{W_OK}},
                   {"X_OK", std::int64_t{X_OK}}});
}

std::vector<std::pair<std::string, Value>> names(tmpl::Interpreter& in) {
    tmpl::Heap& heap = in.heap();
    auto out = tmpl::python_builtins(in);
    const auto add = [&](std::string name, Value value) {
        out.emplace_back(std::move(name), value);
    };
    struct utsname machine{};
    if (::uname(&machine) != 0) fail_errno(Exit::software, "uname", "ask for the machine");
    const auto said = [&](const char* name, const char* text) {
        return heap.function(name, [value = heap.text(text)](tmpl::Call&) { return value; });
    };
    add("python2", false);
    add("python3", true);
    for (const int version : {24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 36})
        add(cat("python", version), false);
    add("cpython", true);
    add("linux", true);
    add("posix", true);
    for (const char* const name : {"pypy", "jython", "ironpython", "windows", "cygwin", "solaris",
                                   "macosx", "bits32", "big_endian"})
        add(name, false);
    static_assert(sizeof(void*) == 8 && std::endian::native == std::endian::little);
    add("bits64", true);
    add("little_endian", true);
    add("os", os_module(heap));
    add("sys", module(heap, "sys",
                      {{"version_info", heap.tuple({python_version[0], python_version[1],
                                                    python_version[2]})},
                       {"maxsize", std::int64_t{INT64_MAX}},
                       {"platform", heap.text("linux")},
                       {"byteorder", heap.text("little")}}));
    add("platform", module(heap, "platform",
                           {{"machine", said("machine", machine.machine)},
                            {"system", said("system", machine.sysname)},
                            {"release", said("release", machine.release)},
                            {"node", said("node", machine.nodename)}}));
    return out;
}

} // namespace

bool condition_holds(const std::string& expression) {
    // It is evaluated as the condition of a template, of which it must not be more.
    if (expression.find("%}") != std::string::npos)
        fail(Exit::config, cat(printable(expression), ": not a condition"));
    tmpl::Interpreter in({});
    const auto context = names(in);
    return !in.render(tmpl::make_source("condition", cat("{% if ", expression, " %}1{% endif %}")),
                      context)
                .empty();
}

} // namespace rs::profile
