// SPDX-License-Identifier: Apache-2.0
#include "archive/acl.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace rs;
using namespace rs::archive;
using Tag = AclEntry::Tag;

namespace {

const std::vector<AclEntry> sample{{Tag::owner, no_acl_id, 7},        {Tag::user, 1, 4},
                                   {Tag::owning_group, no_acl_id, 5}, {Tag::group, 100, 6},
                                   {Tag::mask, no_acl_id, 7},         {Tag::other, no_acl_id, 0}};

} // namespace

TEST_CASE("an ACL has the bytes that the kernel gives for it") {
    // setfacl -m u:1:r,g:100:rw,m::rwx on a file of mode 0750; getfattr -e hex
    CHECK(to_hex(encode_acl(sample)) == "02000000"
                                        "01000700ffffffff"
                                        "0200040001000000"
                                        "04000500ffffffff"
                                        "0800060064000000"
                                        "10000700ffffffff"
                                        "20000000ffffffff");
    CHECK(decode_acl(encode_acl(sample)) == sample);
}

TEST_CASE("what is no ACL is not decoded") {
    const std::string good = encode_acl(sample);
    for (std::size_t size = 0; size < good.size(); ++size) {
        CAPTURE(size);
        const auto acl = decode_acl(good.substr(0, size));
        CHECK(acl.has_value() == (size >= 4 && size % 8 == 4));
    }
    for (const std::size_t at : {0U, 3U, 5U, 7U}) { // version, tag, permissions
        std::string bad = good;
        bad[at] = '\x7f';
        CHECK_FALSE(decode_acl(bad));
    }
}

TEST_CASE("an ACL is brought into the kernel's order, and gets the mask it needs") {
    std::vector<AclEntry> mixed{{Tag::other, no_acl_id, 1},
                                {Tag::user, 9, 2},
                                {Tag::user, 3, 4},
                                {Tag::owning_group, no_acl_id, 1},
                                {Tag::owner, no_acl_id, 6}};
    const auto acl = complete_acl(mixed);
    REQUIRE(acl);
    CHECK(*acl == std::vector<AclEntry>{{Tag::owner, no_acl_id, 6},
                                        {Tag::user, 3, 4},
                                        {Tag::user, 9, 2},
                                        {Tag::owning_group, no_acl_id, 1},
                                        {Tag::mask, no_acl_id, 7},
                                        {Tag::other, no_acl_id, 1}});
    CHECK(complete_acl(sample) == sample);
}

TEST_CASE("an ACL that the kernel would refuse is refused") {
    for (std::size_t missing = 0; missing < sample.size(); ++missing) {
        CAPTURE(missing);
        std::vector<AclEntry> acl = sample;
        acl.erase(acl.begin() + static_cast<std::ptrdiff_t>(missing));
        const Tag tag = sample[missing].tag;
        CHECK(complete_acl(acl).has_value() ==
              (tag == Tag::user || tag == Tag::group || tag == Tag::mask));
    }
    for (const AclEntry& twice : sample) {
        std::vector<AclEntry> acl = sample;
        acl.push_back(twice);
        CHECK_FALSE(complete_acl(acl));
    }
    std::vector<AclEntry> nobody = sample;
    nobody[1].id = no_acl_id;
    CHECK_FALSE(complete_acl(nobody));
}
