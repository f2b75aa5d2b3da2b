// SPDX-License-Identifier: Apache-2.0
// Extended attributes, POSIX ACLs among them: Linux keeps an ACL as system.posix_acl_access and
// system.posix_acl_default, numbers inside, so that copying the attributes copies the ACLs exactly.
#pragma once

#include <string>
#include <vector>

#include "stream/entry.hpp"

namespace rs::tree {

// Of the name itself, links not followed; sorted by name. A file system without attributes has none. Attributes
// that the caller may not read (trusted.* for a user) are those that the kernel does not list.
// `path` is for messages.
[[nodiscard]] std::vector<stream::Xattr> read_attributes(int dir, const std::string& name,
                                                         const std::string& path);
[[nodiscard]] std::vector<stream::Xattr> read_attributes(int fd, const std::string& path);

// Sets them all on a fresh name. Gives the names of those that could not be set because the file system
// does not take them or the caller may not; other failures throw.
[[nodiscard]] std::vector<std::string> write_attributes(int dir, const std::string& name,
                                                        const std::vector<stream::Xattr>& xattrs,
                                                        const std::string& path);

} // namespace rs::tree
