// SPDX-License-Identifier: Apache-2.0
// What the tree of an instance is to consist of: the directories, files and symbolic links that its parts ask for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace rs::instance {

enum class Kind : std::uint8_t { directory, file, link };

struct Entry {
    Kind kind = Kind::file;
    mode_t mode = 0600;  // permission bits; of a link: none
    std::string content; // of a file; of a link: its target
    std::string part;    // who asks for it
    bool secret = false; // of a file: not to be shown to people
};

// Instances hold secrets and data: what says nothing is its owner's alone.
constexpr mode_t directory_mode = 0700, file_mode = 0600, program_mode = 0700;

class Plan {
public:
    // root: absolute, without a slash at its end.
    explicit Plan(std::string root) : root_(std::move(root)) {}

    // `path` is absolute and inside of root, or relative to it. Error(Exit::config) that names the part if it is outside, has
    // "..", is where another part wants something else, or is a file or a link below srv/: data lives there, of which
    // directories alone are ours. The directories above come with it.
    // mode nothing: directory_mode when it is made; then it is the administrator's to let others pass.
    void directory(const std::string& part, std::string_view path, std::optional<mode_t> mode = std::nullopt);
    void file(const std::string& part, std::string_view path, std::string content, mode_t mode = file_mode);
    // One that is for its owner alone.
    void secret(const std::string& part, std::string_view path, std::string content);
    void link(const std::string& part, std::string_view path, std::string target);

    // By path, relative to root: what is above comes before what is below it.
    [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
    // A directory whose mode nobody has asked for: any will do.
    [[nodiscard]] bool any_mode(const std::string& path) const { return any_mode_.contains(path); }
    [[nodiscard]] const std::string& root() const { return root_; }

private:
    void add(std::string_view path, Entry entry, bool any_mode = false);

    std::string root_;
    std::map<std::string, Entry> entries_;
    std::set<std::string> any_mode_;
};

// Octal permissions such as 0644; nothing if it is none, or has setuid, setgid or sticky bits.
[[nodiscard]] std::optional<mode_t> parse_mode(std::string_view text);

// "a//b/./c" as "a/b/c"; Error(Exit::config) with `what` in front if it has "..", is empty, or is outside of root.
[[nodiscard]] std::string path_below(const std::string& root, std::string_view path, const std::string& what);

} // namespace rs::instance
