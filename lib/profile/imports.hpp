// SPDX-License-Identifier: Apache-2.0
// The templates that a template may import or include: single files, and folders of them.
#pragma once

#include <map>
#include <string>

#include "io/file.hpp"
#include "template/syntax/source.hpp"

namespace rs::profile {

inline constexpr std::size_t max_template_bytes = 64 << 20;

// A whole file, or standard input for "-"; more than 64 MiB: Error(Exit::config).
[[nodiscard]] std::string read_template(const std::string& path);

class Imports {
public:
    // A file goes by this name; those of a directory by NAME/file. A name that is given twice, or ends with a slash:
    // Error(wrong).
    void add(const std::string& name, const std::string& path, Exit wrong);
    // A text goes by this name; `path` for messages.
    void add_text(const std::string& name, const std::string& path, const std::string& text, Exit wrong);
    // nullptr: none of this name. What leads out of a folder, by .. or by a link, is Error(Exit::config).
    [[nodiscard]] tmpl::SourcePtr load(const std::string& name) const;

private:
    void check_new(const std::string& name, Exit wrong) const;

    std::map<std::string, std::string> files_;
    std::map<std::string, tmpl::SourcePtr> texts_;
    std::map<std::string, io::Dir> folders_;
};

} // namespace rs::profile
