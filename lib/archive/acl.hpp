// SPDX-License-Identifier: Apache-2.0
// POSIX.1e ACLs as Linux keeps them in the attributes system.posix_acl_access and _default:
// linux/posix_acl_xattr.h, version 2, little endian. Pure.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rs::archive {

inline constexpr std::string_view access_acl_name = "system.posix_acl_access";
inline constexpr std::string_view default_acl_name = "system.posix_acl_default";
inline constexpr std::uint32_t no_acl_id = UINT32_MAX; // ACL_UNDEFINED_ID

struct AclEntry {
    // linux/posix_acl.h; also the order in which the kernel wants them
    enum class Tag : std::uint16_t {
        owner = 0x01,
        user = 0x02,
        owning_group = 0x04,
        group = 0x08,
        mask = 0x10,
        other = 0x20,
    };
    Tag tag = Tag::owner;
    std::uint32_t id = no_acl_id;  // of user and group only
    std::uint16_t permissions = 0; // 4 read, 2 write, 1 execute
    auto operator<=>(const AclEntry&) const = default;
};

// Brings the entries into the kernel's order, and adds the mask that named entries need if it is missing: the union
// of what the group class may do, as acl_calc_mask(3) does. Nothing if the kernel would refuse them: one of
// owner, owning group and other is missing, or a tag or a number occurs twice.
[[nodiscard]] std::optional<std::vector<AclEntry>> complete_acl(std::vector<AclEntry> entries);

// The value of the attribute, and back. decode_acl: nothing if it is not one.
[[nodiscard]] std::string encode_acl(const std::vector<AclEntry>& entries);
[[nodiscard]] std::optional<std::vector<AclEntry>> decode_acl(std::string_view value);

} // namespace rs::archive
