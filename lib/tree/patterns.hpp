// SPDX-License-Identifier: Apache-2.0
// Exclude patterns as rsync(1) reads them: what --exclude and --exclude-from take.
//
// The first rule that matches a name decides; a name that no rule matches is kept. What matches is what
// matches in rsync 3.5: its man page, PATTERN MATCHING RULES, and the program where that is silent.
//
//  - A pattern that begins with / is anchored: it matches the whole path.
//  - One that ends with / matches only a directory. That slash does not count in what follows.
//  - One without / and without ** matches the last component of the path.
//  - Any other matches the end of the path, from the beginning of a component.
//  - * is any run of bytes but /, also none; ** is any run of bytes; ? is one byte but /; [...] is one byte
//    of a class, never /: ranges, ! or ^ in front for "none of", [:alpha:] and the like as in the C locale.
//    So a/** is not a, and a/**/b is not a/b; but **/b is also b at the root.
//  - A backslash takes the meaning from the byte after it, also in a class; in a pattern with neither *
//    nor ? nor [ it is a byte like any other.
//  - "name/***" matches the directory and all that is in it.
//
// The walk goes from the top down and does not enter what is excluded: "+ /a/b" does not bring b back when
// "a" is excluded, as in rsync.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rs::tree {

// Longest pattern in bytes, without its "- " or "+ ": what a path may have (Linux PATH_MAX).
inline constexpr std::size_t max_pattern_bytes = 4096;

class Patterns {
public:
    // Appends one rule, as --exclude takes it: PATTERN or "- PATTERN" excludes, "+ PATTERN" keeps.
    // Error(Exit::usage): the pattern is empty, too long, or holds a NUL; or it is "!", which would clear
    // the list in rsync ("- !" is the name).
    void add(std::string_view pattern);

    // Appends one rule for each line, as --exclude-from does. A line ends with NL, CR or CR NL. Empty lines
    // and lines that begin with # or ; are skipped; blanks are part of a pattern. `name` is the file,
    // for messages.
    // Error(Exit::usage), "NAME:LINE: ...": as for add; or the line is a rule that rsync takes from its
    // filter files only, and here for the name of a file (". FILE", ": FILE", "merge FILE",
    // "dir-merge FILE"; "- . FILE" is the name). Then no line has been appended.
    void add_lines(std::string_view text, std::string_view name);

    // path: relative to the root, without a slash at either end; any bytes but NUL. False for the root, "".
    // Directories above it are not asked about. Allocates nothing. Each rule takes at most about
    // path bytes * (pattern bytes / 64 + 1) steps, whatever is in it.
    [[nodiscard]] bool excluded(std::string_view path, bool is_directory) const;

    // True if there are no rules, of either kind.
    [[nodiscard]] bool empty() const { return rules_.empty(); }

private:
    // What may stand around the text, and where in it a match may begin.
    struct Frame {
        bool slash_before = false;
        bool slash_behind = false;
        bool any_component = false; // else at the beginning only
    };

    // A pattern with wildcards, as an automaton; see the source.
    struct Glob {
        explicit Glob(std::string_view pattern);
        [[nodiscard]] bool matches(std::string_view text, Frame frame) const;
        template <bool one_word>
        [[nodiscard]] bool run(std::string_view text, Frame frame) const;

        std::size_t tokens = 0;                 // a match has at least as many bytes
        std::size_t words = 1;                  // in a set of states
        std::string prefix;                     // what a match begins with
        std::string suffix;                     // what it ends with
        std::vector<std::uint64_t> steps;       // [byte][word]
        std::vector<std::uint64_t> loops;       // [word], for any byte but /
        std::vector<std::uint64_t> slash_loops; // [word], for /
    };

    struct Rule {
        explicit Rule(std::string_view text);
        [[nodiscard]] bool matches(std::string_view path, std::string_view base,
                                   bool is_directory) const;

        enum class Scope : std::uint8_t {
            base,  // the last component
            whole, // the path
            tail,  // the last `components` of the path
            any,   // from the beginning of any component on
        };

        bool include = false;
        bool directory_only = false;
        bool slash_before = false; // of the path
        bool slash_behind = false; // of a directory
        Scope scope = Scope::base;
        std::size_t components = 1;
        std::string literal;      // the pattern, if it has no wildcards
        std::optional<Glob> glob; // if it has
    };

    std::vector<Rule> rules_;
};

} // namespace rs::tree
