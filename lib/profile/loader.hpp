// SPDX-License-Identifier: Apache-2.0
// A profile with all the files that it extends, as one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "profile/option.hpp"

namespace rs::profile {

// How the text of a file is had: by its absolute path. Error(Exit::no_input) if there is none.
using Reader = std::function<std::string(const std::string& path)>;
// From the disk.
[[nodiscard]] std::string read_file(const std::string& path);

// Reads FILE and what [buildout] extends, depth first: paths beside the file that names them, separated by blanks; what
// comes later lies over what came earlier, the file itself over all of them. In each file ${:_profile_base_location_} is
// the directory that the file is in. A path that is not there and begins with ../ is one of the stack as well: without
// what climbs in front, below the directory `stack`, unless that is empty.
//
// Below all of them lie the defaults of [buildout]: directory, where FILE is, and bin-directory, parts-directory,
// eggs-directory and develop-eggs-directory, which are made absolute by it. Above all of them lie `settings`:
// "SECTION:OPTION=VALUE", or += or -=.
//
// `given` lies over the files and below `settings`: what an instance is given, such as [slap-parameter].
//
// Missing: Exit::no_input. Lines that are wrong, files that extend each other, URLs (nothing is fetched): Exit::config.
// `settings` that are none: Exit::usage.
[[nodiscard]] Sections load(const std::string& file, const std::vector<std::string>& settings = {},
                            const Sections& given = {}, const std::string& stack = {},
                            const Reader& read = read_file);

} // namespace rs::profile
