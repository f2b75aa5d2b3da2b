// SPDX-License-Identifier: Apache-2.0
#include "profile/option.hpp"

#include <set>

#include "base/text.hpp"
#include "profile/blanks.hpp"

namespace rs::profile {

namespace {

// "parts +" and "parts+" are both of the option "parts".
std::string without_sign(std::string_view name, std::string_view sign) {
    const std::size_t end = name.find_last_not_of(sign);
    return std::string(name.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

void remove_lines(std::string& value, std::string_view removed) {
    const std::vector<std::string_view> gone = lines(removed);
    const std::set<std::string_view> unwanted(gone.begin(), gone.end());
    std::string kept;
    bool first = true;
    for (const std::string_view line : lines(value)) {
        if (unwanted.contains(line)) continue;
        if (!first) kept += '\n';
        first = false;
        kept += line;
    }
    value = std::move(kept);
}

} // namespace

std::string show(const Place& place) {
    const std::string file = place.file ? printable(*place.file) : std::string("?");
    return place.line == 0 ? file : cat(file, ":", place.line);
}

void lay_over(Section& below, Section above) {
    std::vector<std::string> names[2];
    for (const auto& [name, option] : above)
        if (name.ends_with('+') || name.ends_with('-')) names[name.ends_with('-')].push_back(name);
    for (const char sign : {'+', '-'}) {
        const char both[] = {' ', sign, '\0'};
        for (const std::string& signed_name : names[sign == '-']) {
            const std::string name = without_sign(signed_name, both);
            const Option change = *above.find(signed_name);
            if (above.find(name) == nullptr) {
                Option& base = above[name];
                if (Option* const there = below.find(name)) {
                    base = std::move(*there);
                    there->history.clear(); // it goes on in `above`
                }
            }
            Option& option = *above.find(name);
            if (sign == '+')
                option.value += cat("\n", change.value);
            else
                remove_lines(option.value, change.value);
            option.history.push_back(
                {sign == '+' ? Option::Change::What::add : Option::Change::What::remove,
                 change.place()});
            above.erase(signed_name);
        }
    }
    for (auto& [name, option] : above) {
        Option& there = below[name];
        there.value = std::move(option.value);
        there.history.insert(there.history.end(), option.history.begin(), option.history.end());
    }
}

void lay_over(Sections& below, Sections above) {
    for (auto& [name, section] : above) {
        if (Section* const there = below.find(name))
            lay_over(*there, std::move(section));
        else
            below[name] = std::move(section);
    }
}

} // namespace rs::profile
