// SPDX-License-Identifier: Apache-2.0
#include "tree/damaged.hpp"

namespace rs::tree {

std::string escape_line(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else if (c == '\\')
            out += "\\\\";
        else
            out += c;
    }
    return out;
}

std::set<std::string> parse_damaged(std::string_view lines) {
    std::set<std::string> out;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
        std::string path;
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (line[i] != '\\' || i + 1 == line.size()) {
                path += line[i];
                continue;
            }
            const char c = line[++i];
            path += c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        }
        out.insert(std::move(path));
    }
    return out;
}

} // namespace rs::tree
