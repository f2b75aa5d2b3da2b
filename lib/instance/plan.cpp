// SPDX-License-Identifier: Apache-2.0
#include "instance/plan.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::instance {

namespace {

constexpr std::string_view kind_name(Kind kind) {
    return kind == Kind::directory ? "a directory" : kind == Kind::file ? "a file" : "a symbolic link";
}

} // namespace

std::string path_below(const std::string& root, std::string_view path, const std::string& what) {
    std::string_view rest = path;
    if (rest.starts_with('/')) {
        if (!rest.starts_with(root) || (rest.size() > root.size() && rest[root.size()] != '/'))
            fail(Exit::config, cat(what, ": ", printable(path), ": not inside of the instance, ", printable(root)));
        rest.remove_prefix(root.size());
    }
    std::string out;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        const std::string_view name = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (name.empty() || name == ".") continue;
        if (name == ".." || name.find('\0') != std::string_view::npos)
            fail(Exit::config, cat(what, ": ", printable(path), ": a path of an instance has no .. and no NUL in it"));
        out += cat(out.empty() ? "" : "/", name);
    }
    if (out.empty()) fail(Exit::config, cat(what, ": '", printable(path), "': this is the instance itself, or nothing"));
    return out;
}

std::optional<mode_t> parse_mode(std::string_view text) {
    mode_t mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7' || text.size() > 5) return std::nullopt;
        mode = mode * 8 + static_cast<mode_t>(c - '0');
    }
    return text.empty() || mode > 0777 ? std::nullopt : std::optional(mode);
}

void Plan::directory(const std::string& part, std::string_view path, std::optional<mode_t> mode) {
    add(path, {Kind::directory, mode.value_or(directory_mode), {}, part}, !mode);
}
void Plan::file(const std::string& part, std::string_view path, std::string content, mode_t mode) {
    add(path, {Kind::file, mode, std::move(content), part});
}
void Plan::secret(const std::string& part, std::string_view path, std::string content) {
    add(path, {Kind::file, file_mode, std::move(content), part, true});
}
void Plan::link(const std::string& part, std::string_view path, std::string target) {
    add(path, {Kind::link, 0, std::move(target), part});
}

void Plan::add(std::string_view path, Entry entry, bool any_mode) {
    const std::string what = cat("[", printable(entry.part), "]");
    const std::string name = path_below(root_, path, what);
    if (entry.kind != Kind::directory && (name == "srv" || name.starts_with("srv/")))
        fail(Exit::config, cat(what, ": ", printable(name), ": below srv is data: directories alone are made there"));
    for (std::size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
        const std::string above = name.substr(0, slash);
        const auto [at, is_new] = entries_.try_emplace(above, Entry{Kind::directory, directory_mode, {}, entry.part});
        if (is_new) any_mode_.insert(above);
        if (at->second.kind != Kind::directory)
            fail(Exit::config, cat(what, ": ", printable(name), ": ", printable(above), " is ", kind_name(at->second.kind),
                                   " of [", printable(at->second.part), "]"));
    }
    const auto [at, is_new] = entries_.try_emplace(name, entry);
    if (is_new && any_mode) any_mode_.insert(name);
    if (is_new) return;
    Entry& there = at->second;
    if (there.kind == Kind::directory && entry.kind == Kind::directory) {
        if (any_mode) return;
        if (any_mode_.erase(name) > 0) {
            there = std::move(entry);
            return;
        }
    }
    if (there.kind != entry.kind || there.mode != entry.mode || there.content != entry.content)
        fail(Exit::config, cat(what, ": ", printable(name), ": [", printable(there.part), "] asks for it too, as ",
                               there.kind == entry.kind ? "another one" : kind_name(there.kind)));
}

} // namespace rs::instance
