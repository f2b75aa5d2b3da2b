// SPDX-License-Identifier: Apache-2.0
#include "archive/acl.hpp"

#include <algorithm>

#include "base/codec.hpp"

namespace rs::archive {

namespace {

constexpr std::uint32_t version = 2;   // POSIX_ACL_XATTR_VERSION
constexpr std::size_t head_bytes = 4;  // struct posix_acl_xattr_header
constexpr std::size_t entry_bytes = 8; // struct posix_acl_xattr_entry

bool named(AclEntry::Tag tag) { return tag == AclEntry::Tag::user || tag == AclEntry::Tag::group; }

bool known(std::uint32_t tag) { return tag != 0 && tag <= 0x20 && (tag & (tag - 1)) == 0; }

} // namespace

std::optional<std::vector<AclEntry>> complete_acl(std::vector<AclEntry> entries) {
    using Tag = AclEntry::Tag;
    const auto count = [&](Tag tag) {
        return std::count_if(entries.begin(), entries.end(),
                             [&](const AclEntry& e) { return e.tag == tag; });
    };
    if (count(Tag::owner) != 1 || count(Tag::owning_group) != 1 || count(Tag::other) != 1)
        return std::nullopt;
    if (count(Tag::mask) > 1) return std::nullopt;
    if (count(Tag::mask) == 0 && count(Tag::user) + count(Tag::group) > 0) {
        AclEntry mask{Tag::mask, no_acl_id, 0};
        for (const AclEntry& e : entries)
            if (named(e.tag) || e.tag == Tag::owning_group) mask.permissions |= e.permissions;
        entries.push_back(mask);
    }
    std::sort(entries.begin(), entries.end());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i > 0 && entries[i].tag == entries[i - 1].tag && entries[i].id == entries[i - 1].id)
            return std::nullopt;
        if (named(entries[i].tag) && entries[i].id == no_acl_id) return std::nullopt;
    }
    return entries;
}

std::string encode_acl(const std::vector<AclEntry>& entries) {
    Buffer out;
    Encoder encoder(out);
    encoder.u32(version);
    for (const AclEntry& e : entries) {
        // Tag and permissions are 16 bits each; little endian, they make one number of 32.
        encoder.u32(static_cast<std::uint32_t>(e.tag) | std::uint32_t{e.permissions} << 16);
        encoder.u32(e.id);
    }
    return std::string(as_text(out));
}

std::optional<std::vector<AclEntry>> decode_acl(std::string_view value) {
    if (value.size() < head_bytes || (value.size() - head_bytes) % entry_bytes != 0)
        return std::nullopt;
    Decoder in(as_bytes(value), "ACL");
    if (in.u32() != version) return std::nullopt;
    std::vector<AclEntry> entries;
    while (!in.empty()) {
        const std::uint32_t word = in.u32();
        AclEntry e;
        e.permissions = static_cast<std::uint16_t>(word >> 16);
        e.id = in.u32();
        if (!known(word & 0xffff) || e.permissions > 7) return std::nullopt;
        e.tag = static_cast<AclEntry::Tag>(word & 0xffff);
        if (!named(e.tag)) e.id = no_acl_id;
        entries.push_back(e);
    }
    return entries;
}

} // namespace rs::archive
