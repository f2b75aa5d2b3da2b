// SPDX-License-Identifier: Apache-2.0
// os and os.path. Of the machine a template may ask what is there and who renders it; the environment it may not: the
// result must not depend on the shell of whoever calls.
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/text/path.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

std::string_view path_of(const Value& v) {
    must_be_defined(v);
    if (v.is(ValueKind::bytes)) raise("NotSupported", "paths of bytes");
    if (!v.is(ValueKind::text))
        raise("TypeError", cat("expected str, bytes or os.PathLike object, not ", type_name(v)));
    return v.text();
}

std::string_view only_path(Call& c, std::string_view name = "path") {
    return path_of(*c.bind({name}, 1)[0]);
}

std::string here() {
    char buffer[PATH_MAX];
    if (::getcwd(buffer, sizeof buffer) == nullptr)
        raise("FileNotFoundError", std::strerror(errno));
    if (!valid_utf8(buffer)) raise("NotSupported", "a current directory whose name is not UTF-8");
    return buffer;
}

std::string absolute(std::string_view p) {
    if (p.find('\0') != std::string_view::npos) raise("ValueError", "embedded null byte");
    if (p.starts_with('/')) return path::normal(p);
    std::string out = here();
    path::append(out, p);
    return path::normal(out);
}

Value pair(Heap& heap, std::pair<std::string, std::string> p) {
    return heap.tuple({heap.text(std::move(p.first)), heap.text(std::move(p.second))});
}

std::vector<std::string> paths_of(Call& c, std::string_view name) {
    std::vector<std::string> out;
    for (const Value& v : items_of(c.heap, *c.bind({name}, 1)[0])) out.emplace_back(path_of(v));
    return out;
}

// What is there, or nothing: it is no error to ask, whatever is in the way.
std::optional<mode_t> mode_of(std::string_view p, bool follow = true) {
    struct stat st {};
    const std::string name(p);
    if (name.find('\0') != std::string::npos) return std::nullopt;
    if ((follow ? ::stat(name.c_str(), &st) : ::lstat(name.c_str(), &st)) != 0) return std::nullopt;
    return st.st_mode;
}

Value join(Call& c) {
    if (!c.named.empty()) raise("NotSupported", "os.path.join() with names");
    if (c.args.empty()) raise("TypeError", "join() missing 1 required positional argument: 'a'");
    std::string out(path_of(c.args[0]));
    for (std::size_t i = 1; i < c.args.size(); ++i) path::append(out, path_of(c.args[i]));
    return c.heap.text(std::move(out));
}

Value relpath(Call& c) {
    const auto a = c.bind({"path", "start"}, 1);
    const std::string_view p = path_of(*a[0]);
    if (p.empty()) raise("ValueError", "no path specified");
    return c.heap.text(path::relative(absolute(p), absolute(given(a[1]) ? path_of(*a[1]) : ".")));
}

constexpr Function path_functions[] = {
    {"abspath", [](Call& c) { return c.heap.text(absolute(only_path(c))); }},
    {"basename", [](Call& c) { return c.heap.text(path::split(only_path(c, "p")).second); }},
    {"commonpath", [](Call& c) { return c.heap.text(path::common(paths_of(c, "paths"))); }},
    {"commonprefix", [](Call& c) { return c.heap.text(path::common_prefix(paths_of(c, "m"))); }},
    {"dirname", [](Call& c) { return c.heap.text(path::split(only_path(c, "p")).first); }},
    {"exists", [](Call& c) -> Value { return mode_of(only_path(c)).has_value(); }},
    {"isabs", [](Call& c) -> Value { return only_path(c, "s").starts_with('/'); }},
    {"isdir", [](Call& c) -> Value { return S_ISDIR(mode_of(only_path(c, "s")).value_or(0)); }},
    {"isfile", [](Call& c) -> Value { return S_ISREG(mode_of(only_path(c)).value_or(0)); }},
    {"islink", [](Call& c) -> Value { return S_ISLNK(mode_of(only_path(c), false).value_or(0)); }},
    {"join", join},
    {"lexists", [](Call& c) -> Value { return mode_of(only_path(c), false).has_value(); }},
    {"normcase", [](Call& c) { return c.heap.text(std::string(only_path(c, "s"))); }},
    {"normpath",
     [](Call& c) {
         const std::string_view p = only_path(c);
         if (p.find('\0') != std::string_view::npos) raise("NotSupported", "a path with a NUL");
         return c.heap.text(path::normal(p));
     }},
    {"relpath", relpath},
    {"split", [](Call& c) { return pair(c.heap, path::split(only_path(c, "p"))); }},
    {"splitdrive",
     [](Call& c) {
         return pair(c.heap, {"", std::string(only_path(c, "p"))});
     }},
    {"splitext", [](Call& c) { return pair(c.heap, path::split_extension(only_path(c, "p"))); }},
};

constexpr const char* environment =
    "a template's result must not depend on the environment of who renders it: give it "
    "what it needs in its context";
constexpr const char* no_work = "a template changes nothing and runs nothing";
constexpr Refusal path_refusals[] = {
    {"expanduser", environment},
    {"expandvars", environment},
    {"getatime", "times of files are not for templates"},
    {"getmtime", "times of files are not for templates"},
    {"getsize", "sizes of files are not for templates"},
    {"realpath", "only abspath() and normpath() are there"},
};

Value access(Call& c) {
    const auto a = bind(c, {"path", "mode", "dir_fd", "effective_ids", "follow_symlinks"}, 2, 2);
    if (a[2] != nullptr || a[3] != nullptr || a[4] != nullptr)
        raise("NotSupported", "os.access() with more than a path and a mode");
    const std::string p(path_of(*a[0]));
    const std::int64_t mode = int_of(*a[1]);
    if (p.find('\0') != std::string::npos) raise("ValueError", "embedded null byte");
    if (mode < INT_MIN || mode > INT_MAX)
        raise("OverflowError", "Python int too large to convert to C int");
    return ::access(p.c_str(), static_cast<int>(mode)) == 0;
}

template <uid_t (*F)()>
Value id(Call& c) {
    positional_only(c, 0, 0);
    return std::int64_t{F()};
}

constexpr Function os_functions[] = {
    {"access", access},
    {"fspath", [](Call& c) { return c.heap.text(std::string(only_path(c))); }},
    {"getcwd",
     [](Call& c) {
         positional_only(c, 0, 0);
         return c.heap.text(here());
     }},
    {"getegid", id<::getegid>},
    {"geteuid", id<::geteuid>},
    {"getgid", id<::getgid>},
    {"getuid", id<::getuid>},
};
constexpr Refusal os_refusals[] = {
    {"environ", environment},
    {"getenv", environment},
    {"listdir", "the order of its names is an accident of the disk"},
    {"walk", "the order of its names is an accident of the disk"},
    {"scandir", "the order of its names is an accident of the disk"},
    {"urandom", "the same template and context must give the same text"},
    {"getpid", "the same template and context must give the same text"},
    {"popen", no_work},
    {"system", no_work},
    {"mkdir", no_work},
    {"makedirs", no_work},
    {"remove", no_work},
    {"rename", no_work},
    {"unlink", no_work},
    {"open", no_work},
    {"stat", "os.path.exists, isdir, isfile and islink tell what is there"},
};

} // namespace

Value module_os_path(Interpreter& in) {
    const Value out = make_module(in, "posixpath", path_functions, path_refusals);
    for (const auto& [name, text] :
         {std::pair("sep", "/"), std::pair("curdir", "."), std::pair("pardir", ".."),
          std::pair("extsep", "."), std::pair("pathsep", ":"), std::pair("devnull", "/dev/null")})
        set_attribute(out, name, in.heap().text(text));
    set_attribute(out, "altsep", {});
    return out;
}

Value module_os(Interpreter& in) {
    const Value out = make_module(in, "os", os_functions, os_refusals);
    const Value paths = import_module(in, "os.path");
    set_attribute(out, "path", paths);
    for (const char* const name :
         {"sep", "curdir", "pardir", "extsep", "pathsep", "devnull", "altsep"})
        set_attribute(out, name, in.attribute(paths, name));
    set_attribute(out, "linesep", in.heap().text("\n"));
    set_attribute(out, "name", in.heap().text("posix"));
    for (const auto& [name, value] : {std::pair("F_OK", F_OK), std::pair("R_OK", R_OK),
                                      std::pair("W_OK", W_OK), std::pair("X_OK", X_OK)})
        set_attribute(out, name, std::int64_t{value});
    return out;
}

} // namespace rs::tmpl
