// SPDX-License-Identifier: Apache-2.0
#include "profile/resolver.hpp"

#include <algorithm>
#include <utility>

#include "base/closest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "profile/blanks.hpp"

namespace rs::profile {

namespace {

constexpr std::size_t max_depth = 1000;           // of sections and values that need each other
constexpr std::size_t max_value_bytes = 64 << 20; // a value made of values made of values...

// What stands between ${, : and }.
bool valid_name(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == ' ' || c == '.' || c == '_' || c == '-';
    });
}

template <class T>
std::string hint_for(std::string_view name, const Ordered<T>& known, std::string_view before,
                     std::string_view after) {
    Closest closest(name);
    for (const auto& [candidate, value] : known) closest.consider(candidate);
    return closest.found().empty() ? std::string()
                                   : cat("perhaps ", before, closest.found(), after, "?");
}

// Counts what needs something else to be worked out first, so that the stack holds.
class Deeper {
public:
    explicit Deeper(std::size_t& depth) : depth_(depth) {
        if (depth_ >= max_depth)
            fail(Exit::config, cat("sections and options need each other ", max_depth, " deep"));
        ++depth_;
    }
    ~Deeper() { --depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

private:
    std::size_t& depth_;
};

} // namespace

const Section& Resolver::section(std::string_view name) { return look(name).options; }

Resolver::Looked& Resolver::look(std::string_view name) {
    if (const auto there = looked_.find(std::string(name)); there != looked_.end())
        return there->second;
    const Section* const own = raw_.find(name);
    if (own == nullptr)
        fail(Exit::config, cat("there is no section [", printable(name), "]"),
             hint_for(name, raw_, "[", "]"));
    const Deeper deeper(depth_);
    Looked& out = looked_[std::string(name)];
    std::vector<std::string> doing;
    out.options = extended(name, *own, doing);

    std::vector<std::string_view> names;
    for (const auto& [option, o] : out.options)
        if (o.value.find("${") != std::string::npos) names.push_back(option);
    std::sort(names.begin(), names.end());
    for (const std::string_view option : names) {
        std::vector<Reference> references{{name, option}};
        out.cooked[std::string(option)] =
            substituted(out.options.find(option)->value, references, "$$");
    }
    if (name != "buildout") {
        std::vector<Reference> none;
        const std::string needs =
            value(out, name, "<part-dependencies>", none).value_or(std::string());
        for (const std::string_view part : words(needs)) static_cast<void>(look(part));
        if (!value(out, name, "recipe", none).value_or(std::string()).empty()) {
            parts_.emplace_back(name);
            if (on_part_) on_part_(std::string(name));
        }
    }
    seen_.emplace_back(name);
    return out;
}

Section Resolver::extended(std::string_view name, const Section& own,
                           std::vector<std::string>& doing) const {
    const Option* const bases = name == "buildout" ? nullptr : own.find("<");
    if (bases == nullptr) return own;
    if (std::find(doing.begin(), doing.end(), name) != doing.end())
        fail(Exit::config, cat(show(bases->place()), ": [", printable(name), "] is based on itself"));
    if (doing.size() >= max_depth)
        fail(Exit::config,
             cat(show(bases->place()), ": sections based on each other ", max_depth, " deep"));
    doing.emplace_back(name);
    Section out;
    for (const std::string_view base : filled_lines(bases->value)) {
        const Section* const there = raw_.find(base);
        if (there == nullptr)
            fail(Exit::config,
                 cat(show(bases->place()), ": [", printable(name), "] is based on [",
                     printable(base), "], which is no section"),
                 hint_for(base, raw_, "[", "]"));
        for (auto& [option, o] : extended(base, *there, doing)) out[option] = o;
    }
    lay_over(out, own);
    out.erase("<");
    doing.pop_back();
    return out;
}

std::optional<std::string> Resolver::value(Looked& in, std::string_view section,
                                           std::string_view option,
                                           std::vector<Reference>& doing) {
    const std::string key(option);
    if (const auto done = in.done.find(key); done != in.done.end()) return done->second;
    std::string out;
    if (const auto cooked = in.cooked.find(key); cooked != in.cooked.end())
        out = cooked->second;
    else if (const Option* const raw = in.options.find(option))
        out = raw->value;
    else
        return std::nullopt;
    if (out.find("${") != std::string::npos) {
        if (std::any_of(doing.begin(), doing.end(), [&](const Reference& r) {
                return r.section == section && r.option == option;
            }))
            fail_in(doing, cat("${", section, ":", option, "} refers to itself"));
        const Deeper deeper(depth_);
        doing.push_back({section, option});
        out = substituted(out, doing, "$$");
        doing.pop_back();
    }
    in.done[key] = out;
    return out;
}

std::string Resolver::substituted(std::string_view text, std::vector<Reference>& doing,
                                  std::string_view two_dollars) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t dollar = std::min(text.find('$', at), text.size());
        out += text.substr(at, dollar - at);
        at = dollar;
        const std::string_view rest = text.substr(at);
        const std::size_t close = rest.starts_with("${") ? rest.find('}') : std::string_view::npos;
        // A $ of $$ ends a reference that began before it, too: values are cut there first.
        const std::size_t cut = rest.find("$$");
        if (cut == 0) {
            out += two_dollars;
            at += 2;
        } else if (close == std::string_view::npos || close > cut) {
            out += rest.substr(0, 1);
            ++at;
        } else {
            out += referred(rest.substr(2, close - 2), doing);
            at += close + 1;
        }
        if (out.size() > max_value_bytes)
            fail_in(doing, cat("the value is larger than ", human_bytes(max_value_bytes)));
    }
    return out;
}

std::string Resolver::referred(std::string_view reference, std::vector<Reference>& doing) {
    const std::string shown = cat("${", printable(reference), "}");
    const std::size_t colon = reference.find(':');
    if (colon == std::string_view::npos)
        fail_in(doing, cat(shown, ": not ${section:option}: has no colon"));
    std::string_view section = reference.substr(0, colon);
    const std::string_view option = reference.substr(colon + 1);
    if (option.find(':') != std::string_view::npos)
        fail_in(doing, cat(shown, ": not ${section:option}: has two colons"));
    if (!valid_name(section) || !valid_name(option) || option.empty())
        fail_in(doing, cat(shown, ": a section or an option cannot have this name here"));
    if (section.empty()) section = doing.empty() ? section : doing.back().section;
    if (raw_.find(section) == nullptr)
        fail_in(doing, cat(shown, ": there is no section [", printable(section), "]"),
                hint_for(section, raw_, "[", "]"));
    Looked& in = look(section);
    if (auto found = value(in, section, option, doing))
        return std::move(*found);
    if (option == "_buildout_section_name_")
        return std::string(doing.empty() ? std::string_view() : doing.back().section);
    fail_in(doing,
            cat(shown, ": there is no option ", printable(option), " in [", printable(section), "]"),
            hint_for(option, in.options, "", ""));
}

std::optional<std::string> Resolver::get(std::string_view section, std::string_view option) {
    std::vector<Reference> doing;
    return value(look(section), section, option, doing);
}

std::string Resolver::require(std::string_view section, std::string_view option) {
    Looked& in = look(section);
    std::vector<Reference> doing;
    if (auto out = value(in, section, option, doing)) return std::move(*out);
    fail(Exit::config,
         cat("there is no option ", printable(option), " in [", printable(section), "]"),
         hint_for(option, in.options, "", ""));
}

void Resolver::set(const std::string& section, const std::string& option, std::string value) {
    Looked& in = looked_.at(section);
    if (in.options.find(option) == nullptr)
        in.options[option].history = {{Option::Change::What::set,
                                       {std::make_shared<const std::string>("(its recipe)"), 0}}};
    in.done[option] = std::move(value);
}

std::string Resolver::place(std::string_view section, std::string_view option) const {
    const auto in = looked_.find(std::string(section));
    const Option* o = in == looked_.end() ? nullptr : in->second.options.find(option);
    if (o == nullptr && in != looked_.end()) o = in->second.options.find("recipe"); // as near as can be
    return o == nullptr ? cat("[", printable(section), "]") : show(o->place());
}

std::string Resolver::substitute(std::string_view section, std::string_view text,
                                 const std::string& name) {
    static_cast<void>(look(section));
    std::vector<Reference> doing{{section, ""}};
    std::string out;
    std::size_t line = 0;
    for (std::string_view rest = text; !rest.empty();) {
        ++line;
        const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        try {
            out += substituted(rest.substr(0, end), doing, "$");
        } catch (const Error& e) {
            throw e.within(cat(printable(name), ":", line));
        }
        rest.remove_prefix(end);
    }
    return out;
}

void Resolver::look_at_parts() {
    const std::string parts = get("buildout", "parts").value_or(std::string());
    for (const std::string_view part : words(parts)) {
        const Option* const said = raw_.find("buildout")->find("parts");
        if (raw_.find(part) == nullptr)
            fail(Exit::config,
                 cat(show(said->place()), ": parts: there is no section [", printable(part), "]"),
                 hint_for(part, raw_, "[", "]"));
        if (get(part, "recipe").value_or(std::string()).empty())
            fail(Exit::config, cat(show(said->place()), ": the part [", printable(part),
                                   "] has no option recipe"));
    }
}

void Resolver::fail_in(const std::vector<Reference>& doing, const std::string& why,
                       std::string hint) {
    if (doing.empty()) fail(Exit::config, why, std::move(hint));
    const Reference& in = doing.back();
    const auto looked = looked_.find(std::string(in.section));
    const Option* const option =
        looked == looked_.end() ? nullptr : looked->second.options.find(in.option);
    fail(Exit::config,
         cat(option == nullptr ? std::string() : cat(show(option->place()), ": "), "[",
             printable(in.section), in.option.empty() ? "]" : "] ", printable(in.option), ": ", why),
         std::move(hint));
}

} // namespace rs::profile
