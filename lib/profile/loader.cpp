// SPDX-License-Identifier: Apache-2.0
#include "profile/loader.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/file.hpp"
#include "profile/blanks.hpp"
#include "profile/condition.hpp"
#include "profile/parser.hpp"

namespace rs::profile {

namespace {

constexpr std::size_t max_file_bytes = 16 << 20;
constexpr std::size_t max_files = 10'000; // opened, one that is extended twice counted twice
constexpr std::string_view climb = "../";
constexpr std::string_view base_location = "${:_profile_base_location_}";

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, std::max<std::size_t>(slash, 1));
}

std::string absolute(const std::string& path) {
    return std::filesystem::absolute(path).lexically_normal().string();
}

bool is_url(std::string_view text) { return text.find("://") != std::string_view::npos; }

// Not where the $ is one of $$.
void replace_base_location(std::string& value, const std::string& directory) {
    for (std::size_t at = 0; (at = value.find('$', at)) != std::string::npos;) {
        if (value.compare(at, 2, "$$") == 0) {
            at += 2;
        } else if (value.compare(at, base_location.size(), base_location) == 0) {
            value.replace(at, base_location.size(), directory);
            at += directory.size();
        } else {
            ++at;
        }
    }
}

class Loader {
public:
    Loader(const Reader& reader, const std::string& stack) : reader_(reader), stack_(stack) {}

    [[nodiscard]] Sections load(const std::string& path) {
        if (std::find(open_.begin(), open_.end(), path) != open_.end())
            fail(Exit::config, cat(printable(path), ": extends itself", chain()));
        if (++files_ > max_files)
            fail(Exit::config, cat("more than ", max_files, " files to extend", chain()));
        Sections own = read(path);
        open_.push_back(path);
        Sections all;
        for (const std::string& base : bases(own, path)) lay_over(all, load(base));
        lay_over(all, std::move(own));
        open_.pop_back();
        return all;
    }

private:
    [[nodiscard]] Sections read(const std::string& path) const {
        const std::string text = [&] {
            try {
                return reader_(path);
            } catch (const Error& e) {
                const bool stack = e.code() == Exit::no_input && !open_.empty() && !stack_.empty();
                fail(e.code(), cat(e.what(), chain()),
                     stack ? cat("profiles of the stack are looked for in ", printable(stack_)) : e.hint());
            }
        }();
        Sections own = parse(text, path, condition_holds);
        const std::string directory = directory_of(path);
        for (auto& [name, section] : own)
            for (auto& [option_name, option] : section) {
                if (option.value.find(base_location) == std::string::npos) continue;
                if (directory.find('$') != std::string::npos)
                    fail(Exit::config, cat(printable(directory), ": has a $ in its name, which a profile "
                                                                 "would take for a reference"));
                replace_base_location(option.value, directory);
            }
        return own;
    }

    // A path as `extends` of a file in `directory` has it.
    [[nodiscard]] std::string find(std::string_view word, const std::string& directory) const {
        if (word.starts_with('/')) return absolute(std::string(word));
        std::string beside = absolute(cat(directory, "/", word));
        if (!word.starts_with(climb) || stack_.empty() || is_there(beside)) return beside;
        while (word.starts_with(climb)) word.remove_prefix(climb.size());
        std::string in_stack = absolute(cat(stack_, "/", word));
        return is_there(in_stack) ? in_stack : beside;
    }

    [[nodiscard]] bool is_there(const std::string& path) const {
        try {
            static_cast<void>(reader_(path));
        } catch (const Error& e) {
            return e.code() != Exit::no_input;
        }
        return true;
    }

    [[nodiscard]] std::vector<std::string> bases(Sections& own, const std::string& path) const {
        Section* const buildout = own.find("buildout");
        const Option* const extends = buildout == nullptr ? nullptr : buildout->find("extends");
        if (extends == nullptr) return {};
        std::vector<std::string> out;
        for (const std::string_view word : words(extends->value)) {
            if (is_url(word))
                fail(Exit::config,
                     cat(show(extends->place()), ": ", printable(word),
                         ": nothing is fetched: have a copy beside and extend that"));
            out.push_back(find(word, directory_of(path)));
        }
        buildout->erase("extends");
        return out;
    }

    [[nodiscard]] std::string chain() const {
        std::string out;
        for (auto file = open_.rbegin(); file != open_.rend(); ++file)
            out += cat(out.empty() ? " (extended by " : ", ", printable(*file));
        return out.empty() ? out : out + ")";
    }

    const Reader& reader_;
    const std::string& stack_;
    std::vector<std::string> open_; // FILE, what it extends, what that extends...
    std::size_t files_ = 0;
};

Option said(std::string value, std::string by) {
    return {std::move(value),
            {{Option::Change::What::set, {std::make_shared<const std::string>(std::move(by)), 0}}}};
}

Sections settings_of(const std::vector<std::string>& settings) {
    Sections out;
    for (const std::string& text : settings) {
        const std::size_t colon = text.find(':'), equals = text.find('=');
        if (colon == std::string::npos || equals == std::string::npos || colon == 0 ||
            equals < colon + 2)
            fail(Exit::usage, cat(printable(text), ": not SECTION:OPTION=VALUE"));
        out[text.substr(0, colon)][without_trailing_blanks(
            std::string_view(text).substr(colon + 1, equals - colon - 1))] =
            said(text.substr(equals + 1), "(an option of the command)");
    }
    return out;
}

} // namespace

std::string read_file(const std::string& path) {
    return std::string(as_text(io::read_file(io::open_file(path).get(), max_file_bytes, path)));
}

Sections load(const std::string& file, const std::vector<std::string>& settings,
              const Sections& given, const std::string& stack, const Reader& read) {
    const std::string path = absolute(file);
    Sections all;
    all["buildout"]["directory"] = said(directory_of(path), "(where the profile is)");
    constexpr std::string_view directories[] = {"bin", "parts", "eggs", "develop-eggs"};
    for (const std::string_view name : directories)
        all["buildout"][cat(name, "-directory")] = said(std::string(name), "(default)");
    lay_over(all, Loader(read, stack).load(path));
    lay_over(all, given);
    lay_over(all, settings_of(settings));
    Section& buildout = *all.find("buildout");
    const std::string directory = buildout["directory"].value;
    for (const std::string_view name : directories) {
        std::string& value = buildout[cat(name, "-directory")].value;
        if (!value.starts_with('/') && value.find("${") == std::string::npos)
            value = cat(directory, "/", value);
    }
    return all;
}

} // namespace rs::profile
