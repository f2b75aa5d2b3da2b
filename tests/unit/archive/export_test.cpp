// SPDX-License-Identifier: Apache-2.0
#include "archive/export.hpp"

#include <unistd.h>

#include "unit/archive/support.hpp"

using namespace rs;
using namespace rs::archive_test;

namespace {

Exported export_tar(const std::vector<TarMember>& members, const archive::Options& options = {},
                    const Tree* parent = nullptr) {
    return export_bytes(std::string_view(tar_of(members)), options, parent);
}

Failure tar_failure(const std::vector<TarMember>& members, const archive::Options& options = {}) {
    return export_failure(std::string_view(tar_of(members)), options);
}

std::string mebibytes(std::size_t count, std::uint64_t seed) {
    return std::string(as_text(Random(seed).bytes(count << 20)));
}

std::string read_link_of(const Exported& e, std::string_view path) {
    return e.tree.at(path).entry.target;
}

} // namespace

TEST_CASE("members become a tree in walk order, whatever their order") {
    const Exported e = export_tar({{"b", '0', "bee"},
                                   {"a/z", '0', "zed"},
                                   {"a", '5'},
                                   {"a-", '0', ""},
                                   {"c", '2', "", "a/z"}});
    CHECK(e.tree.shape() == "d . d a f a/z f a- f b l c");
    CHECK(e.tree.at("a/z").content == "zed");
    CHECK(e.tree.at("c").entry.target == "a/z");
    CHECK(e.tree.at("b").entry.mtime == stream::Stamp{1'500'000'000, 0});
    CHECK(e.tree.at("b").sha256 == chunk::sha256(as_bytes("bee")));
    CHECK(e.result.files == 3);
    CHECK(e.result.tree_bytes == 6);
    CHECK(e.warnings.empty());
}

TEST_CASE("without SHA-256 files have none") {
    archive::Options options;
    options.sha256 = false;
    CHECK_FALSE(export_tar({{"b", '0', "bee"}}, options).tree.at("b").sha256);
}

TEST_CASE("the result does not depend on how the source gives the bytes") {
    const std::string tar = tar_of({{"a", '0', mebibytes(1, 1)}, {"b", '0', "bee"}});
    for (const std::size_t piece : {1U, 511U, 4096U, 65'536U}) {
        CAPTURE(piece);
        const Exported e = export_bytes(as_bytes(tar), {}, nullptr, {}, piece);
        CHECK(e.tree.at("a").content == mebibytes(1, 1));
        CHECK(e.tree.at("b").content == "bee");
    }
}

TEST_CASE("directories that are missing are made, and one that comes late counts") {
    const Exported e = export_tar({{"a/b/c/d", '0', "x"}, {"a/b/", '5', "", "", 0711}});
    CHECK(e.tree.shape() == "d . d a d a/b d a/b/c f a/b/c/d");
    CHECK(e.tree.at("a").entry.mode == 0755);
    CHECK(e.tree.at("a").entry.mtime == dump_header().time);
    CHECK(e.tree.at("a").entry.uid == ::geteuid());
    CHECK(e.tree.at("a/b").entry.mode == 0711);
    CHECK(e.tree.at("a/b").entry.mtime.seconds == 1'500'000'000);
}

TEST_CASE("the root's own member is the root") {
    for (const char* name : {".", "./", "/", "./."}) {
        CAPTURE(std::string(name));
        const Exported e = export_tar({{name, '5', "", "", 0700}, {"./x", '0', ""}});
        CHECK(e.tree.shape() == "d . f x");
        CHECK(e.tree.at("").entry.mode == 0700);
    }
    CHECK(export_tar({{"./", '5'}}).tree.shape() == "d .");
}

TEST_CASE("paths are taken relative, with one warning about all absolute ones") {
    const Exported e = export_tar(
        {{"/etc/passwd", '0', "p"}, {"//etc//group", '0', "g"}, {"./etc/./hosts", '0', "h"}});
    CHECK(e.tree.shape() == "d . d etc f etc/group f etc/hosts f etc/passwd");
    CHECK(e.warnings.size() == 1);
    CHECK(export_tar({{"./a", '0', ""}}).warnings.empty());
}

TEST_CASE("of members with one name the last counts") {
    const Exported e = export_tar({{"a", '0', "first"},
                                   {"b", '2', "", "x"},
                                   {"a", '0', "second"},
                                   {"b", '0', "file"},
                                   {"d", '0', "file"},
                                   {"d", '5'},
                                   {"d/e", '0', ""},
                                   {"f", '5'},
                                   {"f", '0', "was empty"}});
    CHECK(e.tree.shape() == "d . f a f b d d f d/e f f");
    CHECK(e.tree.at("a").content == "second");
    CHECK(e.tree.at("f").content == "was empty");
}

TEST_CASE("the first path of a hard link group is the file") {
    const Exported e = export_tar({{"m", '0', "data", "", 0600},
                                   {"z", '1', "", "m"},
                                   {"a/b", '1', "", "z"},
                                   {"k", '1', "", "./m"}});
    CHECK(e.tree.shape() == "d . d a f a/b h k h m h z");
    CHECK(e.tree.at("a/b").content == "data");
    CHECK(e.tree.at("a/b").entry.mode == 0600);
    for (const char* name : {"k", "m", "z"}) CHECK(read_link_of(e, name) == "a/b");
}

TEST_CASE("a hard link keeps what its target was when it was made") {
    const Exported e = export_tar(
        {{"a", '0', "old"}, {"b", '1', "", "a"}, {"a", '0', "new"}, {"c", '1', "", "a"}});
    CHECK(e.tree.shape() == "d . f a f b h c");
    CHECK(e.tree.at("a").content == "new");
    CHECK(e.tree.at("b").content == "old");
    CHECK(read_link_of(e, "c") == "a");
    CHECK(export_tar({{"a", '0', "x"}, {"a", '1', "", "a"}}).tree.shape() == "d . f a");
    // A group of which all names but one were replaced is no group.
    CHECK(export_tar({{"a", '0', "x"}, {"b", '1', "", "a"}, {"b", '0', "y"}}).tree.shape() ==
          "d . f a f b");
}

TEST_CASE("symbolic links, devices and fifos may have hard links") {
    const Exported e = export_tar({{"s", '2', "", "t"},
                                   {"s2", '1', "", "s"},
                                   {"p", '6'},
                                   {"p2", '1', "", "p"},
                                   {"c", '3'},
                                   {"c2", '1', "", "c"}});
    CHECK(e.tree.shape() == "d . c c h c2 p p h p2 l s h s2");
}

TEST_CASE("data that comes with a hard link is that of the file") { // pax -o linkdata
    const Exported e =
        export_tar({{"a", '0', "old"}, {"b", '1', "newer", "a", 0644, {{"comment", "pax"}}}});
    CHECK(e.tree.shape() == "d . f a h b");
    CHECK(e.tree.at("a").content == "newer");
}

TEST_CASE("what no tree can hold is refused, and the member is named") {
    struct Row {
        const char* why;
        std::vector<TarMember> members;
        const char* named;
    };
    const std::string long_name(256, 'n');
    std::string deep = "d";
    for (int i = 0; i < 600; ++i) deep += "/d";
    const std::vector<Row> rows{
        {"above the root", {{"../x", '0', ""}}, "../x"},
        {"above, from within", {{"a/../../x", '0', ""}}, "a/../../x"},
        {"dots within", {{"a/../x", '0', ""}}, "a/../x"},
        {"absolute and above", {{"/../etc/passwd", '0', ""}}, "/../etc/passwd"},
        {"below a link", {{"a", '2', "", "/etc"}, {"a/passwd", '0', "root"}}, "a/passwd"},
        {"below a file", {{"a", '0', ""}, {"a/b/c", '0', ""}}, "member a/b/c"},
        {"below a fifo", {{"a", '6'}, {"a/b", '5'}}, "a/b"},
        {"in the place of a full directory",
         {{"a/b", '0', ""}, {"a", '2', "", "/etc"}},
         "member a"},
        {"a link below itself", {{"a", '0', "x"}, {"a/b", '1', "", "a"}}, "a/b"},
        {"root is a file", {{"./", '0', "x"}}, "member ."},
        {"root is a link", {{".", '2', "", "/etc"}}, "member ."},
        {"link to nothing", {{"a", '1', "", "b"}}, "b"},
        {"link to what comes later", {{"a", '1', "", "b"}, {"b", '0', ""}}, "b"},
        {"link out of the tree", {{"a", '1', "", "../b"}}, "../b"},
        {"link to a directory", {{"d", '5'}, {"a", '1', "", "d"}}, "a"},
        {"data of a link to a symlink",
         {{"s", '2', "", "x"}, {"a", '1', "data", "s", 0644, {{"comment", "pax"}}}},
         "a"},
        {"long name", {{"x", '0', "", "", 0644, {{"path", long_name}}}}, "nnn"},
        {"long path",
         {{"x", '0', "", "", 0644, {{"path", std::string(200'000, '/') + "x"}}}},
         "//"},
        {"deep path", {{"x", '0', "", "", 0644, {{"path", deep}}}}, "d/d/d"},
        {"long link", {{"x", '2', "", "", 0644, {{"linkpath", std::string(5000, 'l')}}}}, "x"},
        {"link to nowhere", {{"x", '2', "", ""}}, "x"},
        {"owner", {{"x", '0', "", "", 0644, {{"uid", "4294967296"}}}}, "x"},
        {"attribute",
         {{"x", '0', "", "", 0644, {{"SCHILY.xattr.user.a", std::string(70'000, 'v')}}}},
         "x"},
        {"attribute name",
         {{"x", '0', "", "", 0644, {{"SCHILY.xattr." + std::string(300, 'n'), "v"}}}},
         "x"},
        {"attribute name", {{"x", '0', "", "", 0644, {{"SCHILY.xattr.a%00b", "v"}}}}, "x"},
    };
    for (const Row& row : rows) {
        CAPTURE(std::string(row.why));
        std::vector<TarMember> members = row.members;
        members.insert(members.begin(), {"first", '0', "good"});
        const Failure f = tar_failure(members);
        CHECK(f.code == Exit::data);
        CHECK_MESSAGE(f.names(row.named), f.message);
        CHECK(f.message.size() < 1000);
        CHECK(valid_utf8(f.message));
    }
}

TEST_CASE("too many attributes of one member are refused") {
    TarMember m{"x", '0', ""};
    for (int i = 0; i < 1025; ++i) m.pax.emplace_back(cat("SCHILY.xattr.user.", i), "v");
    CHECK(tar_failure({m}).code == Exit::data);
    m.pax.pop_back();
    CHECK(export_tar({m}).tree.at("x").entry.xattrs.size() == 1024);
}

TEST_CASE("attributes come sorted, decoded, and the last of two counts") {
    const Exported e = export_tar({{"x",
                                    '0',
                                    "",
                                    "",
                                    0644,
                                    {{"SCHILY.xattr.user.b", "1"},
                                     {"SCHILY.xattr.user.a", std::string("\0\n\xff", 3)},
                                     {"SCHILY.xattr.user.b", "2"},
                                     {"SCHILY.xattr.user.e%3Dq%25", "3"},
                                     {"SCHILY.xattr.user.%", "4"}}}});
    const std::vector<stream::Xattr> want{{"user.%", "4"},
                                          {"user.a", std::string("\0\n\xff", 3)},
                                          {"user.b", "2"},
                                          {"user.e=q%", "3"}};
    CHECK(e.tree.at("x").entry.xattrs == want);
}

TEST_CASE("an access list becomes the kernel's attribute, and the mask the group's mode") {
    const Exported e = export_tar(
        {{"x",
          '0',
          "",
          "",
          0640,
          {{"SCHILY.acl.access", "user::rw-,user:12345:r--,group::r--,mask::rwx,other::---"}}},
         {"d", '5', "", "", 0755, {{"SCHILY.acl.default", "user::rwx,group::r-x,other::r-x"}}},
         {"n",
          '0',
          "",
          "",
          0640,
          {{"SCHILY.acl.access", "user::rw-,user:root:r--,group::r--,mask::r--,other::---"}}},
         {"plain", '0', "", "", 0640, {{"SCHILY.acl.access", "user::rw-,group::r--,other::---"}}}});
    const stream::Entry& x = e.tree.at("x").entry;
    CHECK(x.mode == 0670);
    REQUIRE(x.xattrs.size() == 1);
    CHECK(x.xattrs[0].name == "system.posix_acl_access");
    CHECK(
        to_hex(x.xattrs[0].value) ==
        "0200000001000600ffffffff020004003930000004000400ffffffff10000700ffffffff20000000ffffffff");
    const stream::Entry& d = e.tree.at("d").entry;
    REQUIRE(d.xattrs.size() == 1);
    CHECK(d.xattrs[0].name == "system.posix_acl_default");
    CHECK(to_hex(d.xattrs[0].value) == "0200000001000700ffffffff04000500ffffffff20000500ffffffff");
    REQUIRE(e.tree.at("n").entry.xattrs.size() == 1);
    CHECK(to_hex(e.tree.at("n").entry.xattrs[0].value).substr(24, 16) ==
          "0200040000000000"); // root is 0 everywhere
    CHECK(e.tree.at("plain").entry.xattrs.empty());
    CHECK(e.tree.at("plain").entry.mode == 0640);
    CHECK(e.warnings.empty());
}

TEST_CASE("access lists that cannot be kept are reported") {
    const Exported e = export_tar(
        {{"x",
          '0',
          "",
          "",
          0640,
          {{"SCHILY.acl.access",
            "user::rw-,user:no-such-user:r--,group::r--,mask::r--,other::---"}}},
         {"y", '0', "", "", 0640, {{"SCHILY.acl.default", "user::rwx,group::r-x,other::r-x"}}}});
    CHECK(e.warnings.size() == 2);
    CHECK(e.tree.at("y").entry.xattrs.empty());
    // The mask stays: it is the group's mode.
    CHECK(e.tree.at("x").entry.mode == 0640);
}

TEST_CASE("an archive cannot flood the log") {
    std::vector<TarMember> members;
    for (int i = 0; i < 300; ++i)
        members.push_back({cat("f", i),
                           '0',
                           "",
                           "",
                           0640,
                           {{"SCHILY.acl.access", cat("user::rw-,user:nobody", i,
                                                      ":r--,group::r--,mask::r--,other::---")}}});
    const Exported e = export_tar(members);
    CHECK(e.tree.items.size() == 301);
    CHECK(e.warnings.size() == 101);
}

TEST_CASE("names are bytes: no normal form, no character set") {
    const std::string names[] = {"nfd-e\xcc\x81",
                                 "nfc-\xc3\xa9",
                                 "bad-\xff\xfe",
                                 "surrogate-\xed\xa0\x80",
                                 "line\nfeed",
                                 "back\\slash",
                                 " ",
                                 "-rf",
                                 "\x01"};
    std::vector<TarMember> members;
    for (const std::string& name : names) {
        members.push_back({name, '0', "u"});
        members.push_back({"x", '0', "p", "", 0644, {{"path", "pax-" + name}}});
        members.push_back(
            {"x", '0', "b", "", 0644, {{"hdrcharset", "BINARY"}, {"path", "binary-" + name}}});
        members.push_back(
            {"x", '2', "", "short", 0644, {{"path", "link-" + name}, {"linkpath", name}}});
        members.push_back(
            {"x", '1', "", "short", 0644, {{"path", "zhard-" + name}, {"linkpath", name}}});
        members.push_back(
            {"x", '0', "", "", 0644, {{"path", "user-" + name}, {"uname", name}, {"gname", name}}});
    }
    const Exported e = export_tar(members);
    for (const std::string& name : names) {
        CAPTURE(printable(name));
        CHECK(e.tree.at(name).content == "u");
        CHECK(e.tree.at("pax-" + name).content == "p");
        CHECK(e.tree.at("binary-" + name).content == "b");
        CHECK(e.tree.at("link-" + name).entry.target == name);
        CHECK(e.tree.at("zhard-" + name).entry.target == name);
        CHECK(e.tree.at("user-" + name).entry.user == name);
        CHECK(e.tree.at("user-" + name).entry.group == name);
    }
    CHECK_MESSAGE(e.warnings.empty(), e.warnings.size());
}

TEST_CASE("pax times keep their nanoseconds, also before 1970") {
    struct Row {
        const char* text;
        stream::Stamp stamp;
    };
    const Row rows[] = {{"1234567890.123456789", {1'234'567'890, 123'456'789}},
                        {"0", {0, 0}},
                        {"-1", {-1, 0}},
                        {"-1.25", {-2, 750'000'000}},
                        {"-2147483648.000000001", {-2'147'483'649, 999'999'999}},
                        {"99999999999.5", {99'999'999'999, 500'000'000}}};
    for (const Row& row : rows) {
        CAPTURE(std::string(row.text));
        const Exported e = export_tar({{"x", '0', "", "", 0644, {{"mtime", row.text}}}});
        CHECK(e.tree.at("x").entry.mtime == row.stamp);
    }
}

TEST_CASE("an archive without members is not taken for a good one") {
    CHECK(export_failure(std::string_view{}).code == Exit::data);
    CHECK(export_failure(std::string_view{}).names("empty"));
    CHECK(export_failure(std::string_view(tar_of({}))).code == Exit::data);
    CHECK(export_failure(std::string_view(tar_of({}))).names("without members"));
    CHECK(export_failure(std::string(10'240, '\0')).code == Exit::data);
    CHECK(export_failure(std::string_view("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22)).code ==
          Exit::data);
    CHECK(export_failure(cat("070701000000000000000000000000000000000000000100000000000000000000000"
                             "0000000000000000000000000"
                             "0000000b00000000TRAILER!!!",
                             std::string(4, '\0')))
              .names("without members"));
    archive::Options options;
    options.excluded = [](std::string_view, bool) { return true; };
    const Failure f = tar_failure({{"a", '0', ""}}, options);
    CHECK(f.code == Exit::data);
    CHECK_FALSE(f.hint.empty());
}

TEST_CASE("what is no archive is refused") {
    CHECK(export_failure("hello, world\n").code == Exit::data);
    CHECK(export_failure(std::string_view(std::string(100'000, 'x'))).code == Exit::data);
    CHECK(export_failure("x").code == Exit::data);
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        CHECK(export_failure(Random(seed).bytes(3000)).code == Exit::data);
    // mtree would read files of this machine
    CHECK(export_failure("#mtree\n./x type=file contents=/etc/passwd\n").code == Exit::data);
}

TEST_CASE("a tar that lacks its end mark is refused, wherever it is cut") {
    const std::string tar = tar_of({{"a", '0', std::string(700, 'a')},
                                    {"b/", '5'},
                                    {"c", '0', ""},
                                    {"d", '0', std::string(512, '\0')}});
    const std::size_t mark = tar.size() - 1024;
    for (std::size_t size = 0; size < mark + 512; size += 64) {
        CAPTURE(size);
        CHECK(export_failure(std::string_view(tar).substr(0, size)).code == Exit::data);
    }
    CHECK(export_failure(std::string_view(tar).substr(0, mark)).names("end mark"));
    // One block of zeros is what some writers leave.
    CHECK(export_failure(std::string_view(tar).substr(0, mark + 512)).code == Exit::ok);
    CHECK(export_failure(tar + std::string(9 * 512, '\0')).code == Exit::ok);
}

TEST_CASE("an archive behind the first one is read too, other bytes are refused") {
    const std::string a = tar_of({{"a", '0', "1"}, {"x", '0', "old"}}),
                      b = tar_of({{"b", '0', "2"}, {"x", '0', "new"}});
    const Exported e = export_bytes(std::string_view(a + std::string(5 * 512, '\0') + b));
    CHECK(e.tree.shape() == "d . f a f b f x");
    CHECK(e.tree.at("x").content == "new");
    CHECK(export_failure(a + "garbage").code == Exit::data);
    CHECK(export_failure(a + std::string(1024, 'g')).code == Exit::data);
}

TEST_CASE("excluded names are left out with all that is below them") {
    archive::Options options;
    std::vector<std::string> asked;
    options.excluded = [&](std::string_view path, bool directory) {
        asked.push_back(cat(path, directory ? "/" : ""));
        return path == "a/cache" || path == "tmp" || (path == "x" && !directory);
    };
    const Exported e = export_tar({{"a/cache", '5'},
                                   {"a/cache/1", '0', "1"},
                                   {"a/keep", '0', "k"},
                                   {"tmp/deep/2", '0', "2"},
                                   {"x", '0', ""},
                                   {"y/x", '0', ""},
                                   {"./", '5'}},
                                  options);
    CHECK(e.tree.shape() == "d . d a f a/keep d y f y/x");
    CHECK(e.result.excluded_members == 4);
    CHECK(std::find(asked.begin(), asked.end(), "") == asked.end());
    CHECK(std::find(asked.begin(), asked.end(), "tmp/deep/2") == asked.end());
    const Failure f = tar_failure({{"x", '0', "data"}, {"y", '1', "", "x"}}, options);
    CHECK(f.code == Exit::data);
    CHECK(f.names("excluded"));
}

TEST_CASE("against what the other side has, equal entries are copied and their data is not sent") {
    const std::string big = mebibytes(3, 5);
    std::vector<TarMember> members{{"a", '0', big},
                                   {"b", '0', "bee"},
                                   {"c/d", '2', "", "t"},
                                   {"c/e", '1', "", "a"},
                                   {"c", '5'},
                                   {"f", '0', std::string(100'000, '\0') + "tail"},
                                   {"z", '0', big.substr(0, 1 << 20)}};
    const Exported first = export_tar(members);
    CHECK(first.result.unchanged_entries == 0);
    // But for the root, which is made anew each time with the header's time: that is the same here.
    const Exported same = export_tar(members, {}, &first.tree);
    CHECK(same.result.unchanged_entries == same.result.entries);
    CHECK(same.result.new_bytes == 0);
    CHECK(same.tree.header.parent);

    SUBCASE("a change costs what changed") {
        members[0].content.replace(1'000'000, 10, "0123456789");
        const Exported e = export_tar(members, {}, &first.tree);
        CHECK(e.tree.at("a").content == members[0].content);
        CHECK(e.result.new_bytes < 100'000);
        CHECK(e.result.unchanged_entries == e.result.entries - 1);
    }
    SUBCASE("attributes alone send no data") {
        members[0].mode = 0600;
        const Exported e = export_tar(members, {}, &first.tree);
        CHECK(e.tree.at("a").entry.mode == 0600);
        CHECK(e.tree.at("a").content == big);
        CHECK(e.result.new_bytes == 0);
        CHECK(e.result.unchanged_entries == e.result.entries - 1);
    }
    SUBCASE("what is gone goes, what is new comes, a renamed file is not sent") {
        members.erase(members.begin() + 1);
        members.push_back({"g/new", '0', "new"});
        members.push_back({"y", '0', members[5].content});
        members.erase(members.begin() + 5);
        const Exported e = export_tar(members, {}, &first.tree);
        CHECK(e.tree.shape() == "d . f a d c l c/d h c/e f f d g f g/new f y");
        CHECK(e.result.new_bytes == 3);
        CHECK(e.tree.at("y").content == big.substr(0, 1 << 20));
    }
    SUBCASE("a chunk that the other side has lost is sent again") {
        const std::size_t last = first.tree.at("a").chunks.size() - 1;
        const Exported e = export_bytes(as_bytes(tar_of(members)), {}, &first.tree, {last});
        CHECK(e.result.new_chunks == 1);
        CHECK(e.tree.at("a").content == big);
        CHECK(e.result.unchanged_entries == e.result.entries - 1);
    }
    SUBCASE("files that were kept without SHA-256 get one") {
        Tree without = first.tree;
        for (Item& item : without.items) item.sha256.reset();
        const Exported e = export_tar(members, {}, &without);
        CHECK(e.tree.at("b").sha256);
        CHECK(e.result.new_bytes == 0);
        archive::Options options;
        options.sha256 = false;
        CHECK(export_tar(members, options, &without).result.unchanged_entries == e.result.entries);
    }
    SUBCASE("a smaller tree drops the end of the other side's") {
        CHECK(export_tar({{"a", '0', big}}, {}, &first.tree).tree.shape() == "d . f a");
        CHECK(export_tar({{"zz", '0', "1"}}, {}, &first.tree).tree.shape() == "d . f zz");
        CHECK(export_tar({{"0", '0', "1"}}, {}, &first.tree).tree.shape() == "d . f 0");
    }
}

TEST_CASE("files that share a beginning settle after one generation") {
    // Where a's chunks end in the middle of b and c, the cuts of these may move, once.
    const std::string part = mebibytes(1, 9);
    const std::vector<TarMember> members{
        {"a", '0', part}, {"b", '0', part + "and more"}, {"c", '0', part + part}};
    const Exported first = export_tar(members);
    const Exported second = export_tar(members, {}, &first.tree);
    CHECK(second.result.new_bytes < 50'000);
    const Exported third = export_tar(members, {}, &second.tree);
    CHECK(third.result.unchanged_entries == third.result.entries);
    CHECK(third.result.new_bytes == 0);
}

TEST_CASE("an exabyte of holes can be interrupted") {
    const std::string tar = tar_of({{"x",
                                     '0',
                                     "data",
                                     "",
                                     0644,
                                     {{"GNU.sparse.major", "0"},
                                      {"GNU.sparse.minor", "1"},
                                      {"GNU.sparse.size", "1000000000000000000"},
                                      {"GNU.sparse.numblocks", "1"},
                                      {"GNU.sparse.map", "999999999999999000,4"}}}});
    class Impatient final : public Monitor {
    public:
        void warn(const std::string&) override {}
        void note(const std::string&) override {}
        void progress(std::uint64_t, std::uint64_t) override {
            if (++calls_ == 4) throw Interrupted(15);
        }

    private:
        int calls_ = 0;
    };
    Impatient monitor;
    io::BufferSink sink;
    io::BufferSource in(as_bytes(tar));
    CHECK_THROWS_AS((void)archive::export_archive(in, {}, nullptr, dump_header(), sink, monitor),
                    Interrupted);
    archive::Options options;
    options.sha256 = false;
    const Exported e = export_bytes(std::string_view(tar), options);
    CHECK(e.tree.at("x").extents ==
          std::vector<stream::Extent>{{stream::Extent::Kind::hole, 999'999'999'999'999'000, 0},
                                      {stream::Extent::Kind::data, 4, 1},
                                      {stream::Extent::Kind::hole, 996, 0}});
}

TEST_CASE("what monitor and sink throw passes through") {
    const std::string tar = tar_of({{"a", '0', mebibytes(8, 2)}});
    class Full final : public io::Sink {
    public:
        void write(ByteSpan bytes) override {
            room_ -= std::min(room_, bytes.size());
            if (room_ == 0) fail(Exit::io, "full");
        }

    private:
        std::size_t room_ = 1 << 20;
    };
    Full full;
    Warnings monitor;
    io::BufferSource in(as_bytes(tar));
    CHECK(code_of([&] {
              (void)archive::export_archive(in, {}, nullptr, dump_header(), full, monitor);
          }) == Exit::io);
    monitor.interrupt = true;
    io::BufferSink sink;
    io::BufferSource again(as_bytes(tar));
    CHECK(code_of([&] {
              (void)archive::export_archive(again, {}, nullptr, dump_header(), sink, monitor);
          }) == Exit::temp_fail);
}
