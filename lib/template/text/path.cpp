// SPDX-License-Identifier: Apache-2.0
#include "template/text/path.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl::path {

namespace {

std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> out;
    while (!path.empty()) {
        const std::size_t at = std::min(path.find('/'), path.size());
        if (at > 0) out.emplace_back(path.substr(0, at));
        path.remove_prefix(std::min(at + 1, path.size()));
    }
    return out;
}

std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& p : parts) out += out.empty() ? p : cat("/", p);
    return out;
}

} // namespace

void append(std::string& path, std::string_view part) {
    if (part.starts_with('/'))
        path.clear();
    else if (!path.empty() && !path.ends_with('/'))
        path += '/';
    path += part;
}

std::pair<std::string, std::string> split(std::string_view path) {
    const std::size_t at = path.rfind('/') + 1; // 0 if there is none
    std::string_view head = path.substr(0, at);
    if (const std::size_t last = head.find_last_not_of('/'); last != std::string_view::npos)
        head = head.substr(0, last + 1);
    return {std::string(head), std::string(path.substr(at))};
}

std::pair<std::string, std::string> split_extension(std::string_view path) {
    const std::size_t name = path.rfind('/') + 1, dot = path.rfind('.');
    // Dots in front belong to the name.
    if (dot == std::string_view::npos || dot < name ||
        path.substr(name, dot - name).find_first_not_of('.') == std::string_view::npos)
        return {std::string(path), ""};
    return {std::string(path.substr(0, dot)), std::string(path.substr(dot))};
}

std::string normal(std::string_view path) {
    // POSIX leaves to the system what two slashes in front mean, and only two.
    const std::size_t slashes = !path.starts_with('/')                               ? 0
                                : path.starts_with("//") && !path.starts_with("///") ? 2
                                                                                     : 1;
    std::vector<std::string> out;
    for (std::string& part : parts_of(path)) {
        if (part == ".") continue;
        if (part != ".." || (slashes == 0 && out.empty()) || (!out.empty() && out.back() == ".."))
            out.push_back(std::move(part));
        else if (!out.empty())
            out.pop_back();
    }
    const std::string all = std::string(slashes, '/') + joined(out);
    return all.empty() ? "." : all;
}

std::string relative(std::string_view path, std::string_view start) {
    const std::vector<std::string> to = parts_of(normal(path)), from = parts_of(normal(start));
    const auto [end, end_from] = std::mismatch(to.begin(), to.end(), from.begin(), from.end());
    std::vector<std::string> out(static_cast<std::size_t>(from.end() - end_from), "..");
    out.insert(out.end(), end, to.end());
    return out.empty() ? "." : joined(out);
}

std::string common_prefix(std::vector<std::string> texts) {
    if (texts.empty()) return "";
    const auto [least, most] = std::minmax_element(texts.begin(), texts.end());
    std::size_t n = static_cast<std::size_t>(
        std::mismatch(least->begin(), least->end(), most->begin(), most->end()).first -
        least->begin());
    while (n > 0 && n < least->size() && (static_cast<unsigned char>((*least)[n]) & 0xc0) == 0x80)
        --n; // whole characters
    return least->substr(0, n);
}

std::string common(const std::vector<std::string>& paths) {
    if (paths.empty()) raise("ValueError", "commonpath() arg is an empty sequence");
    const bool absolute = paths[0].starts_with('/');
    std::vector<std::vector<std::string>> all;
    for (const std::string& p : paths) {
        if (p.starts_with('/') != absolute)
            raise("ValueError", "Can't mix absolute and relative paths");
        all.push_back(parts_of(p));
        std::erase(all.back(), ".");
    }
    const auto [least, most] = std::minmax_element(all.begin(), all.end());
    std::vector<std::string> out;
    for (std::size_t i = 0; i < least->size() && i < most->size() && (*least)[i] == (*most)[i]; ++i)
        out.push_back((*least)[i]);
    return cat(absolute ? "/" : "", joined(out));
}

} // namespace rs::tmpl::path
