// SPDX-License-Identifier: Apache-2.0
#include "archive/writer.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "unit/archive/support.hpp"

using namespace rs;
using namespace rs::archive_test;
using archive::ArchiveWriter;
using archive::Format;
using stream::Extent;
using stream::Type;

namespace {

Item item(Type type, std::string path, std::string content = {}) {
    Item out;
    out.entry.type = type;
    out.entry.path = std::move(path);
    out.entry.mode = type == Type::directory ? 0755 : type == Type::symlink ? 0777 : 0644;
    out.entry.mtime = {1'500'000'000, type == Type::symlink ? 0U : 123'456'789U};
    if (type == Type::symlink || type == Type::hardlink) {
        out.entry.target = std::move(content);
        if (type == Type::hardlink) out.entry.mode = 0, out.entry.mtime = {};
    } else if (!content.empty()) {
        out.extents = {{Extent::Kind::data, content.size(), 1}};
        out.bytes = content.size();
        out.content = std::move(content);
    }
    return out;
}

// A file of these extents, data being made from the seed.
Item file_of(std::string path, std::vector<Extent> extents, std::uint64_t seed) {
    Item out = item(Type::file, std::move(path));
    Random random(seed);
    out.extents = std::move(extents);
    for (const Extent& x : out.extents) {
        out.bytes += x.bytes;
        if (x.kind == Extent::Kind::data) {
            std::string bytes(as_text(random.bytes(x.bytes)));
            for (char& c : bytes)
                if (c == '\0') c = 'z';
            out.content += bytes;
        } else {
            out.content.append(x.bytes, '\0');
        }
    }
    return out;
}

std::string all_bytes() {
    std::string out;
    for (int c = 1; c < 256; ++c)
        if (c != '/') out += static_cast<char>(c);
    return out;
}

Tree sample_tree() {
    Tree t;
    t.items.push_back(item(Type::directory, ""));
    t.items.push_back(item(Type::directory, "a"));
    t.items.push_back(file_of("a/big", {{Extent::Kind::data, 300'000, 1}}, 1));
    t.items.push_back(item(Type::file, "a/empty"));
    t.items.push_back(file_of("a/holes",
                              {{Extent::Kind::hole, 1'048'576, 0},
                               {Extent::Kind::data, 69'632, 1},
                               {Extent::Kind::hole, 4096, 0},
                               {Extent::Kind::zero, 65'536, 0},
                               {Extent::Kind::data, 512, 1},
                               {Extent::Kind::hole, 777'777, 0}},
                              2));
    t.items.push_back(item(Type::hardlink, "a/second", "a/big"));
    t.items.push_back(file_of("a/zeros", {{Extent::Kind::zero, 100'000, 0}}, 3));
    t.items.push_back(file_of("allhole", {{Extent::Kind::hole, 123'456, 0}}, 3));
    t.items.push_back(item(Type::symlink, "link", "a/big"));
    t.items.push_back(item(Type::hardlink, "third", "a/big"));
    t.items[1].entry.mode = 02711;
    t.items[2].entry.mode = 04750;
    t.items[2].entry.uid = 4'000'000'000;
    t.items[2].entry.gid = 12;
    t.items[2].entry.user = "somebody";
    t.items[2].entry.group = "\xc3\xa9quipe";
    return t;
}

// Names every entry in which the second tree differs. fine: also what only a tar keeps.
std::string difference(const Tree& a, const Tree& b, bool fine) {
    if (a.shape() != b.shape()) return cat(a.shape(), " / ", b.shape());
    std::string out;
    for (const Item& x : a.items) {
        const Item& y = b.at(x.entry.path);
        const stream::Entry &p = x.entry, &q = y.entry;
        const auto differ = [&](bool yes, std::string_view what) {
            if (yes) out += cat(printable(p.path), ": ", what, "\n");
        };
        differ(p.target != q.target, "target");
        if (p.type == Type::hardlink) continue;
        differ(p.mode != q.mode, "mode");
        differ(p.uid != q.uid || p.gid != q.gid, "owner");
        differ(p.mtime.seconds != q.mtime.seconds, "mtime");
        differ(p.major != q.major || p.minor != q.minor, "device");
        differ(x.content != y.content, "content");
        if (!fine) continue;
        differ(p.mtime != q.mtime, "mtime");
        differ(p.user != q.user || p.group != q.group, "owner name");
        differ(p.xattrs != q.xattrs, "attributes");
        std::vector<Extent> e = x.extents, f = y.extents;
        for (Extent& extent : e) extent.chunks = 0;
        for (Extent& extent : f) extent.chunks = 0;
        differ(e != f, "extents");
    }
    return out;
}

std::string tar_of_tree(const Tree& tree) {
    Warnings monitor;
    const Buffer bytes = write_archive(tree, Format::tar, monitor);
    CHECK(monitor.all.empty());
    return std::string(as_text(bytes));
}

} // namespace

TEST_CASE("formats have names") {
    CHECK(archive::parse_format("tar") == Format::tar);
    CHECK(archive::parse_format("cpio") == Format::cpio);
    CHECK(archive::parse_format("zip") == Format::zip);
    CHECK_FALSE(archive::parse_format("TAR"));
    CHECK_FALSE(archive::parse_format(""));
}

TEST_CASE("a tree written as tar is read as the same tree, whatever the size of the pieces") {
    const Tree tree = sample_tree();
    for (const std::size_t piece : {7U, 4096U, 100'000U, 10'000'000U}) {
        CAPTURE(piece);
        Warnings monitor;
        const Buffer tar = write_archive(tree, Format::tar, monitor, piece);
        CHECK(tar.size() % 10'240 == 0);
        CHECK(monitor.all.empty());
        const Exported e = export_bytes(tar);
        CHECK(difference(tree, e.tree, true) == "");
        CHECK(e.warnings.empty());
    }
}

TEST_CASE("a tree written as cpio is read as the same tree, without what cpio has not") {
    const Tree tree = sample_tree();
    Warnings monitor;
    const Exported e = export_bytes(write_archive(tree, Format::cpio, monitor));
    CHECK(difference(tree, e.tree, false) == "");
    CHECK(monitor.all.empty());
}

TEST_CASE("a tree written as zip is read as the same tree, a file for each hard link") {
    Tree tree = sample_tree();
    tree.items[0].entry.mode = 0755;
    Warnings monitor;
    const Buffer zip = write_archive(tree, Format::zip, monitor);
    CHECK(monitor.all.empty());
    for (Item& x : tree.items) {
        if (x.entry.type != Type::hardlink) continue;
        const std::string path = x.entry.path;
        x = tree.at(x.entry.target);
        x.entry.path = path;
    }
    tree.items[0].entry = export_bytes(zip).tree.items[0].entry; // the root is not in a zip
    CHECK(difference(tree, export_bytes(zip).tree, false) == "");
}

TEST_CASE("tar keeps names and link texts of any bytes") {
    Tree tree;
    tree.items.push_back(item(Type::directory, ""));
    std::map<std::string, Item> sorted;
    const auto add = [&](Item x) { sorted.emplace(x.entry.path, std::move(x)); };
    for (int c = 1; c < 256; ++c)
        if (c != '/') add(item(Type::file, std::string("n") + static_cast<char>(c), "x"));
    add(item(Type::symlink, "all", all_bytes() + "/" + all_bytes()));
    add(item(Type::file, all_bytes().substr(0, 127), "x"));
    add(item(Type::file, all_bytes().substr(127), "x"));
    for (const char* name :
         {"nfd-e\xcc\x81", "nfc-\xc3\xa9", "TRAILER!!!", " ", "-rf", "a ", "back\\slash"})
        add(item(Type::file, name, "y"));
    add(item(Type::file, std::string(255, 'l'), "long"));
    for (auto& [path, x] : sorted) tree.items.push_back(x);
    CHECK(difference(tree, export_bytes(std::string_view(tar_of_tree(tree))).tree, true) == "");
    // And cpio, where the name TRAILER!!! is the end.
    Warnings monitor;
    CHECK(difference(tree, export_bytes(write_archive(tree, Format::cpio, monitor)).tree, false) ==
          "");
    CHECK(monitor.all.empty());
    std::string deep = "d";
    Tree long_paths;
    long_paths.items = {item(Type::directory, ""), item(Type::directory, deep)};
    for (int i = 0; i < 250; ++i) {
        deep += "/" + std::string(200, 'd');
        long_paths.items.push_back(item(Type::directory, deep));
    }
    CHECK(difference(long_paths, export_bytes(std::string_view(tar_of_tree(long_paths))).tree,
                     true) == "");
}

TEST_CASE("a zip with names that are not UTF-8 is read by everybody") {
    Tree tree;
    tree.items = {item(Type::directory, ""), item(Type::file, "caf\xc3\xa9", "1"),
                  item(Type::file, "caf\xe9", "2"), item(Type::file, "new\nline", "3"),
                  item(Type::symlink, "s", "caf\xe9")};
    Warnings monitor;
    const Buffer zip = write_archive(tree, Format::zip, monitor);
    CHECK(monitor.all.empty());
    tree.items[0].entry = export_bytes(zip).tree.items[0].entry;
    CHECK(difference(tree, export_bytes(zip).tree, false) == "");
    if (!installed("python3")) return;
    const TempDir dir;
    dir.write("x.zip", as_text(zip));
    CHECK(shell(cat("python3 -m zipfile -t ", dir.path("x.zip"))) == "Done testing\n");
}

TEST_CASE("tar keeps times before 1970 and far from it") {
    const stream::Stamp stamps[] = {{0, 0},
                                    {0, 1},
                                    {-1, 0},
                                    {-2, 750'000'000},
                                    {-2'147'483'649, 999'999'999},
                                    {2'147'483'648, 5},
                                    {4'294'967'296, 0},
                                    {100'000'000'000, 999'999'999},
                                    {-62'135'596'800, 0}};
    Tree tree;
    tree.items.push_back(item(Type::directory, ""));
    char name = 'a';
    for (const stream::Stamp& s : stamps) {
        tree.items.push_back(item(Type::file, std::string(1, name++)));
        tree.items.back().entry.mtime = s;
    }
    CHECK(difference(tree, export_bytes(std::string_view(tar_of_tree(tree))).tree, true) == "");
    SUBCASE("what the formats cannot say is put at the end of what they can, and reported") {
        for (const Format format : {Format::cpio, Format::zip}) {
            Warnings monitor;
            const Exported e = export_bytes(write_archive(tree, format, monitor));
            CHECK(monitor.all.size() == 1);
            const std::int64_t low = format == Format::cpio ? 0 : 315'532'800;
            const std::int64_t high = format == Format::cpio ? 4'294'967'295 : 2'147'483'647;
            for (std::size_t i = 1; i < tree.items.size(); ++i)
                CHECK(e.tree.items[i].entry.mtime.seconds ==
                      std::clamp(tree.items[i].entry.mtime.seconds, low, high));
        }
    }
    SUBCASE("the last second before 1970 loses its fraction") {
        tree.items[1].entry.mtime = {-1, 500'000'000};
        CHECK(export_bytes(std::string_view(tar_of_tree(tree))).tree.at("a").entry.mtime ==
              stream::Stamp{-1, 0});
    }
    SUBCASE("a time that no calendar has does no harm") {
        tree.items[1].entry.mtime = {std::int64_t{1} << 60, 0};
        tree.items[2].entry.mtime = {INT64_MIN, 5};
        tree.items[3].entry.mtime = {INT64_MAX, 5};
        for (const Format format : {Format::tar, Format::cpio, Format::zip}) {
            Warnings monitor;
            CHECK(export_bytes(write_archive(tree, format, monitor)).tree.items.size() ==
                  tree.items.size());
        }
    }
}

TEST_CASE("tar keeps attributes and access lists") {
    Tree tree;
    tree.items = {item(Type::directory, ""), item(Type::directory, "d"), item(Type::file, "f", "x"),
                  item(Type::symlink, "s", "f")};
    const auto acl = [](std::string_view hex) { return *from_hex(hex); };
    const std::string access =
        acl("0200000001000600ffffffff020004003930000004000400ffffffff0800070001000000"
            "10000700ffffffff20000000ffffffff");
    tree.items[1].entry.xattrs = {
        {"system.posix_acl_access", access},
        {"system.posix_acl_default",
         acl("0200000001000700ffffffff04000500ffffffff20000500ffffffff")}};
    tree.items[1].entry.mode = 0670;
    tree.items[2].entry.mode = 0670;
    tree.items[2].entry.xattrs = {
        {"security.capability", std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20)},
        {"system.posix_acl_access", access},
        {"user.\xc3\xa9", "accent"},
        {"user.%3D", "percent"},
        {"user.=", "equals"},
        {"user.binary", std::string("\0\n\xff=", 4)},
        {"user.empty", ""},
        {"user.large", std::string(60'000, 'l')}};
    std::sort(tree.items[2].entry.xattrs.begin(), tree.items[2].entry.xattrs.end());
    tree.items[3].entry.xattrs = {{"trusted.t", "link's"}};
    const Exported e = export_bytes(std::string_view(tar_of_tree(tree)));
    CHECK(difference(tree, e.tree, true) == "");
    CHECK(e.warnings.empty());
    SUBCASE("an attribute that only looks like an access list is kept as it is") {
        tree.items[2].entry.xattrs = {{"system.posix_acl_access", "nonsense"}};
        CHECK(difference(tree, export_bytes(std::string_view(tar_of_tree(tree))).tree, true) == "");
    }
    SUBCASE("cpio and zip leave them out and say so once") {
        for (const Format format : {Format::cpio, Format::zip}) {
            Warnings monitor;
            const Exported x = export_bytes(write_archive(tree, format, monitor));
            CHECK(x.tree.at("f").entry.xattrs.empty());
            CHECK(x.tree.at("f").content == "x");
            REQUIRE(monitor.all.size() == 1);
            CHECK(monitor.mentions("3 entries"));
        }
    }
}

TEST_CASE("types that a format lacks are left out and reported, with their links") {
    Tree tree;
    tree.items = {item(Type::directory, ""),    item(Type::block_device, "b"),
                  item(Type::char_device, "c"), item(Type::fifo, "p"),
                  item(Type::socket, "s"),      item(Type::hardlink, "t", "s"),
                  item(Type::file, "z", "last")};
    tree.items[1].entry.major = 259;
    tree.items[1].entry.minor = 70'000;
    tree.items[2].entry.major = 1;
    {
        Warnings monitor;
        const Exported e = export_bytes(write_archive(tree, Format::tar, monitor));
        CHECK(e.tree.shape() == "d . b b c c p p f z");
        CHECK(e.tree.at("b").entry.major == 259);
        CHECK(e.tree.at("b").entry.minor == 70'000);
        CHECK(monitor.all.size() == 2);
        CHECK(monitor.mentions("s: left out: "));
        CHECK(monitor.mentions("t: left out: "));
    }
    {
        Warnings monitor;
        const Exported e = export_bytes(write_archive(tree, Format::cpio, monitor));
        CHECK(e.tree.shape() == "d . b b c c p p s s h t f z");
        CHECK(e.tree.at("b").entry.minor == 70'000);
        CHECK(monitor.all.empty());
    }
    {
        Warnings monitor;
        const Exported e = export_bytes(write_archive(tree, Format::zip, monitor));
        CHECK(e.tree.shape() == "d . f z");
        CHECK(e.tree.at("z").content == "last");
        CHECK(monitor.all.size() == 5);
    }
}

TEST_CASE("a file that cpio cannot hold is left out, and its data not missed") {
    io::BufferSink sink;
    Warnings monitor;
    ArchiveWriter out(sink, Format::cpio, monitor);
    out.expect_link("a");
    stream::Entry e = item(Type::file, "a").entry;
    const std::vector<Extent> extents{{Extent::Kind::data, std::uint64_t{1} << 32, 4096}};
    CHECK(out.begin(item(Type::directory, "").entry));
    CHECK_FALSE(out.begin(e, std::uint64_t{1} << 32, extents));
    out.data(as_bytes("ignored"));
    out.end();
    CHECK_FALSE(out.begin(item(Type::hardlink, "b", "a").entry));
    CHECK(out.begin(item(Type::file, "c").entry));
    out.end();
    out.finish();
    CHECK(monitor.all.size() == 2);
    CHECK(export_bytes(sink.bytes()).tree.shape() == "d . f c");
}

TEST_CASE("a hard link has to be expected and to come behind its target") {
    for (const Format format : {Format::tar, Format::cpio}) {
        io::BufferSink sink;
        Warnings monitor;
        ArchiveWriter out(sink, format, monitor);
        out.expect_link("a");
        CHECK(code_of([&] { out.begin(item(Type::hardlink, "b", "a").entry); }) == Exit::data);
        CHECK(out.begin(item(Type::file, "a").entry));
        out.end();
        CHECK(out.begin(item(Type::hardlink, "b", "a").entry));
        CHECK(code_of([&] { out.begin(item(Type::hardlink, "d", "b").entry); }) == Exit::data);
    }
    io::BufferSink sink;
    Warnings monitor;
    ArchiveWriter out(sink, Format::zip, monitor);
    CHECK_FALSE(out.begin(item(Type::hardlink, "b", "a").entry));
    CHECK(monitor.all.size() == 1);
}

TEST_CASE("an archive that was not finished is no archive") {
    for (const Format format : {Format::tar, Format::cpio, Format::zip})
        for (const bool inside : {false, true}) {
            io::BufferSink sink;
            Warnings monitor;
            {
                ArchiveWriter out(sink, format, monitor);
                const Item x = file_of("a", {{Extent::Kind::data, 1'000'000, 1}}, 1);
                CHECK(out.begin(x.entry, x.bytes, x.extents));
                out.data(
                    as_bytes(std::string_view(x.content).substr(0, inside ? 500'000 : 1'000'000)));
                if (!inside) out.end();
            }
            CHECK(export_failure(sink.bytes()).code == Exit::data);
        }
}

TEST_CASE("what the sink throws comes out of the call that was under way, wherever that is") {
    class Full final : public io::Sink {
    public:
        explicit Full(std::size_t room) : room_(room) {}
        void write(ByteSpan bytes) override {
            CHECK_FALSE(closed_); // never again
            closed_ = bytes.size() > room_;
            if (closed_) throw PipeClosed();
            room_ -= bytes.size();
        }

    private:
        std::size_t room_;
        bool closed_ = false;
    };
    const Tree tree = sample_tree();
    const auto write = [&](io::Sink& sink, Format format) {
        Warnings monitor;
        ArchiveWriter out(sink, format, monitor);
        for (const Item& x : tree.items)
            if (x.entry.type == Type::hardlink) out.expect_link(x.entry.target);
        for (const Item& x : tree.items) {
            if (!out.begin(x.entry, x.bytes, x.extents)) continue;
            std::uint64_t at = 0;
            for (const Extent& extent : x.extents) {
                if (extent.kind == Extent::Kind::data)
                    out.data(as_bytes(std::string_view(x.content).substr(at, extent.bytes)));
                at += extent.bytes;
            }
            out.end();
        }
        out.finish();
    };
    for (const Format format : {Format::tar, Format::cpio, Format::zip}) {
        io::BufferSink whole;
        write(whole, format);
        for (std::size_t room = 0; room < whole.bytes().size(); room += 100'000) {
            CAPTURE(room);
            Full sink(room);
            CHECK_THROWS_AS(write(sink, format), PipeClosed);
        }
        Full enough(whole.bytes().size());
        write(enough, format);
    }
}

TEST_CASE("holes of many gigabytes cost nothing in a tar") {
    const std::uint64_t giant = std::uint64_t{1} << 36;
    Item x = item(Type::file, "sparse");
    x.extents = {
        {Extent::Kind::hole, giant, 0}, {Extent::Kind::data, 4, 1}, {Extent::Kind::hole, 4096, 0}};
    io::BufferSink sink;
    Warnings monitor;
    ArchiveWriter out(sink, Format::tar, monitor);
    CHECK(out.begin(item(Type::directory, "").entry));
    CHECK(out.begin(x.entry, giant + 4100, x.extents));
    out.data(as_bytes("data"));
    out.end();
    out.finish();
    CHECK(sink.bytes().size() == 10'240);
    archive::Options options;
    options.sha256 = false;
    const Exported e = export_bytes(sink.bytes(), options);
    CHECK(e.tree.at("sparse").bytes == giant + 4100);
    CHECK(e.tree.at("sparse").extents.size() == 3);
}

TEST_CASE("holes that are not of whole blocks lose an edge and no byte") {
    Random random(17);
    Tree tree;
    tree.items.push_back(item(Type::directory, ""));
    for (int file = 0; file < 50; ++file) {
        std::vector<Extent> extents;
        for (std::uint64_t i = 1 + random.below(8); i > 0; --i) {
            const auto kind = static_cast<Extent::Kind>(random.below(3));
            if (!extents.empty() && extents.back().kind == kind) continue;
            const std::uint64_t bytes =
                random.one_in(3) ? 1 + random.below(1500) : 512 * random.between(1, 20);
            extents.push_back({kind, bytes, kind == Extent::Kind::data ? 1U : 0U});
        }
        tree.items.push_back(file_of(cat("f", 10 + file), extents, random()));
    }
    const TempDir dir;
    const std::string tar = tar_of_tree(tree);
    const Exported e = export_bytes(std::string_view(tar));
    CHECK(difference(tree, e.tree, false) == "");
    dir.write("x.tar", tar);
    shell(
        cat("mkdir ", dir.path("out"), " && tar -C ", dir.path("out"), " -xf ", dir.path("x.tar")));
    for (const Item& x : tree.items)
        if (x.entry.type == Type::file) CHECK(dir.read("out/" + x.entry.path) == x.content);
}

TEST_CASE("GNU tar unpacks from us what it unpacks from itself") {
    if (!installed("python3") || !installed("tar")) return;
    const TempDir dir;
    shell(cat("cd ", dir.path(), " && mkdir want got && python3 ", helper("torture.py"),
              " make in --small --seed 5 > skipped"));
    // What no tar holds: sockets; what libarchive cannot tell apart: times in the second before 1970;
    // what it writes in a code that GNU tar does not know: attributes with names that are not printable.
    shell(cat("cd ", dir.path("in"), R"sh( && find . -type s -delete && python3 - <<'END'
import os
for top, directories, files in os.walk(b"."):
    for path in [os.path.join(top, name) for name in directories + files]:
        time = os.lstat(path).st_mtime_ns
        if -10**9 < time < 0:
            os.utime(path, ns=(time, -10**9), follow_symlinks=False)
        for name in os.listxattr(path, follow_symlinks=False):
            if any(not 32 < byte < 127 for byte in os.fsencode(name)):
                os.removexattr(path, name, follow_symlinks=False)
END
)sh"));
    const std::string options = "--xattrs --xattrs-include='*' --acls --numeric-owner -S";
    const std::string original =
        shell(cat("tar -C ", dir.path("in"), " --format=posix ", options, " -c ."));
    dir.write("original.tar", original);
    const Exported e = export_bytes(std::string_view(original));
    for (const std::string& warning : e.warnings) MESSAGE(warning);
    CHECK(e.warnings.empty());
    const std::string ours = tar_of_tree(e.tree);
    dir.write("ours.tar", ours);
    CHECK(difference(e.tree, export_bytes(std::string_view(ours)).tree, true) == "");
    shell(cat("cd ", dir.path(), " && tar -C want ", options,
              " -xpf original.tar 2> messages && tar -C got ", options,
              " -xpf ours.tar 2> messages"));
    const std::string diff = shell(cat("python3 ", helper("lister.py"), " --diff ",
                                       dir.path("want"), " ", dir.path("got"), " || true"));
    CHECK_MESSAGE(diff == "", diff);
}

TEST_CASE("cpio -idm unpacks a cpio with its hard links") {
    if (!installed("python3") || !installed("cpio")) return;
    const TempDir dir;
    Tree tree = sample_tree();
    for (Item& x : tree.items) {
        x.entry.uid = ::geteuid();
        x.entry.gid = ::getegid();
        x.entry.mtime.nanoseconds = 0;
    }
    tree.items.push_back(item(Type::file, "y1"));
    tree.items.push_back(item(Type::hardlink, "y2", "y1")); // empty, but still one file
    tree.items.push_back(item(Type::fifo, "z1"));
    tree.items.push_back(item(Type::hardlink, "z2", "z1"));
    Warnings monitor;
    dir.write("x.cpio", as_text(write_archive(tree, Format::cpio, monitor)));
    dir.write("x.tar", tar_of_tree(tree));
    shell(cat("cd ", dir.path(),
              " && mkdir a b && (cd a && cpio -idm --quiet < ../x.cpio) && tar -C b -xpf x.tar"));
    shell(cat("cd ", dir.path(), " && find a b -exec touch -h -d @1500000000 {} +"));
    const std::string diff = shell(cat("python3 ", helper("lister.py"), " --no-holes --diff ",
                                       dir.path("a"), " ", dir.path("b"), " || true"));
    CHECK_MESSAGE(diff == "", diff);
}

TEST_CASE("unzip unpacks a zip") {
    if (!installed("unzip") || !installed("python3")) return;
    const TempDir dir;
    const Tree tree = sample_tree();
    Warnings monitor;
    dir.write("x.zip", as_text(write_archive(tree, Format::zip, monitor)));
    dir.write("x.tar", tar_of_tree(tree));
    shell(cat("cd ", dir.path(),
              " && mkdir a b && unzip -q -d a x.zip && python3 -m zipfile -t x.zip > /dev/null && "
              "tar -C b -xf x.tar && cp -r --no-dereference --preserve=mode b c"));
    shell(cat("cd ", dir.path(),
              " && chmod --reference=a c && chmod -R u-s,g-s a c && find a c -exec touch -h -d "
              "@1500000000 {} +"));
    const std::string diff =
        shell(cat("python3 ", helper("lister.py"), " --no-holes --no-owner --diff ", dir.path("a"),
                  " ", dir.path("c"), " || true"));
    CHECK_MESSAGE(diff == "", diff);
}
