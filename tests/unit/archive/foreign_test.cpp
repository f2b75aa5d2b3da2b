// SPDX-License-Identifier: Apache-2.0
// Archives that other programs made, whole and damaged.
#include "archive/export.hpp"

#include "unit/archive/support.hpp"

using namespace rs;
using namespace rs::archive_test;
using stream::Extent;
using stream::Type;

namespace {

// A directory with files, directories, links and a name or two that are hard, made by the shell.
void make_tree(const std::string& dir) {
    shell(cat("cd ", dir,
              R"sh( && mkdir -p a/b/c empty && printf hello > a/hello && printf '' > a/nothing &&
        head -c 300000 /dev/urandom > a/b/random && ln a/b/random a/b/c/again && ln -s ../hello a/b/link &&
        ln -s /does/not/exist 'dangling link' && printf x > "$(printf 'odd\nname\\')" &&
        mkdir "$(printf '%0150d' 0)" && printf y > "$(printf '%0150d' 0)/$(printf '%0200d' 1)" &&
        mkfifo a/fifo && chmod 4755 a/hello && chmod 1777 empty && chmod 0 a/nothing &&
        touch -d '2001-02-03 04:05:06.123456789Z' a/hello a/b a/b/random && touch -h -d '1999-01-01 00:00:01Z' a/b/link)sh"));
}

std::string read_link_of(const Exported& e, std::string_view path) {
    return e.tree.at(path).entry.target;
}

} // namespace

TEST_CASE("GNU tar's archives of every format give the tree that was archived") {
    const TempDir dir;
    (void)io::make_dir_at(dir.dir(), "in");
    make_tree(dir.path("in"));
    const bool root = ::geteuid() == 0;
    if (root)
        shell(cat("cd ", dir.path("in"),
                  " && mknod dev c 1 3 && mknod blk b 259 70000 && chown 12345:54321 a/hello && "
                  "chmod 4755 a/hello && touch -d '2001-02-03 04:05:06.123456789Z' a/hello"));
    std::string want;
    for (const char* format : {"v7", "oldgnu", "gnu", "ustar", "posix"}) {
        CAPTURE(std::string(format));
        const std::string_view f = format;
        // v7 and ustar have no room for the long names; v7 none for devices.
        const std::string leave_out = f == "v7" || f == "ustar" ? "--exclude='0*'" : "";
        const std::string devices = f == "v7" ? "--exclude=dev --exclude=blk --exclude=fifo" : "";
        const Exported e =
            export_bytes(std::string_view(shell(cat("tar -C ", dir.path("in"), " --format=", format,
                                                    " ", leave_out, " ", devices, " -c ."))));
        CHECK(e.warnings.empty());
        CHECK(e.tree.at("a/hello").content == "hello");
        CHECK(e.tree.at("a/hello").entry.mode == 04755);
        CHECK(e.tree.at("a/hello").entry.mtime.seconds == 981'173'106);
        if (f == "posix") CHECK(e.tree.at("a/hello").entry.mtime.nanoseconds == 123'456'789);
        if (root) CHECK(e.tree.at("a/hello").entry.uid == 12345);
        CHECK(e.tree.at("a/b/c/again").bytes == 300'000);
        CHECK(e.tree.at("a/b/random").entry.type == Type::hardlink);
        CHECK(read_link_of(e, "a/b/random") == "a/b/c/again");
        CHECK(e.tree.at("dangling link").entry.target == "/does/not/exist");
        CHECK(e.tree.at("odd\nname\\").content == "x");
        CHECK(e.tree.at("empty").entry.mode == 01777);
        if (leave_out.empty())
            CHECK(e.tree.at(std::string(150, '0') + "/" + std::string(199, '0') + "1").content ==
                  "y");
        if (root && devices.empty()) {
            CHECK(e.tree.at("dev").entry.type == Type::char_device);
            CHECK(e.tree.at("dev").entry.major == 1);
            CHECK(e.tree.at("dev").entry.minor == 3);
            CHECK(e.tree.at("blk").entry.minor == 70'000);
        }
    }
}

TEST_CASE("holes of a sparse tar stay holes") {
    const TempDir dir;
    shell(cat("cd ", dir.path(), R"( && truncate -s 5000000 allhole && truncate -s 10000000 some &&
        printf start | dd of=some conv=notrunc status=none && printf middle | dd of=some bs=1000 seek=4000 conv=notrunc status=none &&
        head -c 70000 /dev/zero > zeros && printf tail >> zeros && cp some atend && printf end >> atend)"));
    for (const char* format :
         {"--format=gnu", "--format=posix --sparse-version=0.0",
          "--format=posix --sparse-version=0.1", "--format=posix --sparse-version=1.0"}) {
        CAPTURE(std::string(format));
        const Exported e = export_bytes(
            std::string_view(shell(cat("tar -C ", dir.path(), " -cS --hole-detection=seek ", format,
                                       " allhole some zeros atend"))));
        CHECK(e.tree.at("allhole").extents ==
              std::vector<Extent>{{Extent::Kind::hole, 5'000'000, 0}});
        const Item& some = e.tree.at("some");
        CHECK(some.bytes == 10'000'000);
        CHECK(some.content.substr(0, 5) == "start");
        CHECK(some.content.substr(4'000'000, 6) == "middle");
        std::uint64_t holes = 0;
        for (const Extent& x : some.extents) holes += x.kind == Extent::Kind::hole ? x.bytes : 0;
        CHECK(holes > 9'900'000);
        CHECK(some.extents.back().kind == Extent::Kind::hole);
        CHECK(e.tree.at("zeros").extents.front().kind == Extent::Kind::zero);
        CHECK(e.tree.at("atend").content.substr(10'000'000) == "end");
        CHECK(e.warnings.empty());
    }
}

TEST_CASE("packed archives are unpacked, and every cut is found") {
    const TempDir dir;
    (void)io::make_dir_at(dir.dir(), "in");
    make_tree(dir.path("in"));
    const std::string plain = shell(cat("tar -C ", dir.path("in"), " -c ."));
    const Exported want = export_bytes(std::string_view(plain));
    dir.write("tar", plain);
    for (const char* packer : {"gzip", "xz", "zstd -q", "bzip2", "lz4 -q", "lzip"}) {
        CAPTURE(std::string(packer));
        if (!installed(std::string(packer).substr(0, std::string_view(packer).find(' ')))) {
            MESSAGE("not installed: ", std::string(packer));
            continue;
        }
        const std::string packed = shell(cat(packer, " -c < ", dir.path("tar")));
        const Exported e = export_bytes(std::string_view(packed));
        CHECK(e.tree.shape() == want.tree.shape());
        CHECK(e.tree.at("a/b/c/again").content == want.tree.at("a/b/c/again").content);
        CHECK(e.warnings.empty());
        for (std::size_t i = 0; i < 40; ++i) {
            const std::size_t size = i < 20 ? packed.size() - 1 - i : packed.size() * (i - 20) / 20;
            CAPTURE(size);
            CHECK(export_failure(std::string_view(packed).substr(0, size)).code == Exit::data);
        }
        // A tar whose writer was killed, packed all the same.
        for (const std::size_t part : {plain.size() / 3, plain.size() / 20 / 512 * 512}) {
            dir.write("cut", plain.substr(0, part));
            CHECK(export_failure(shell(cat(packer, " -c < ", dir.path("cut")))).code == Exit::data);
        }
        if (std::string_view(packer) == "gzip") {
            std::string bad = packed;
            bad[bad.size() - 6] = static_cast<char>(bad[bad.size() - 6] ^ 1);
            CHECK(export_failure(bad).names("checksum"));
            CHECK(export_bytes(std::string_view(packed + "behind")).warnings.size() == 1);
            CHECK(
                export_bytes(std::string_view(packed + std::string(5000, '\0'))).warnings.empty());
        }
    }
}

TEST_CASE("cpio archives of every format give the tree") {
    if (!installed("cpio")) return;
    const TempDir dir;
    (void)io::make_dir_at(dir.dir(), "in");
    make_tree(dir.path("in"));
    for (const char* format : {"newc", "crc", "odc", "bin"}) {
        CAPTURE(std::string(format));
        const std::string cpio =
            shell(cat("cd ", dir.path("in"), " && find . -print0 | cpio -0 -o --quiet -H ", format,
                      " 2>/dev/null"));
        const Exported e = export_bytes(std::string_view(cpio));
        CHECK(e.tree.at("a/hello").content == "hello");
        CHECK(e.tree.at("a/hello").entry.mode == 04755);
        CHECK(e.tree.at("a/b/c/again").bytes == 300'000);
        if (std::string_view(format) == "newc" || std::string_view(format) == "crc")
            CHECK(read_link_of(e, "a/b/random") == "a/b/c/again");
        CHECK(e.tree.at("a/b/link").entry.target == "../hello");
        CHECK(e.tree.at("a/fifo").entry.type == Type::fifo);
        CHECK(e.tree.at("empty").entry.mode == 01777);
        CHECK(e.warnings.empty());
        const std::size_t end = cpio.rfind("TRAILER!!!") + 10;
        for (std::size_t i = 0; i < 60; ++i) {
            const std::size_t size = i < 20 ? end - 1 - i * 7 : end * (i - 20) / 40;
            CAPTURE(size);
            CHECK(export_failure(std::string_view(cpio).substr(0, size)).code == Exit::data);
        }
        CHECK(export_bytes(std::string_view(cpio + "behind")).warnings.size() == 1);
    }
}

TEST_CASE("zip archives give the tree with its modes and links") {
    if (!installed("zip")) return;
    const TempDir dir;
    (void)io::make_dir_at(dir.dir(), "in");
    make_tree(dir.path("in"));
    shell(cat("cd ", dir.path("in"), " && rm a/fifo && zip -q -r -y ", dir.path("x.zip"),
              " . && zip -q -r -y - . > ", dir.path("streamed.zip")));
    for (const char* name : {"x.zip", "streamed.zip"}) {
        CAPTURE(std::string(name));
        const std::string zip = dir.read(name);
        const Exported e = export_bytes(std::string_view(zip));
        CHECK(e.tree.at("a/hello").content == "hello");
        CHECK(e.tree.at("a/hello").entry.mode == 04755);
        CHECK(e.tree.at("a/hello").entry.mtime.seconds == 981'173'106);
        CHECK(e.tree.at("a/b/c/again").bytes == 300'000);
        CHECK(e.tree.at("a/b/link").entry.type == Type::symlink);
        CHECK(e.tree.at("a/b/link").entry.target == "../hello");
        CHECK(e.tree.at("empty").entry.mode == 01777);
        CHECK(e.warnings.empty());
        for (std::size_t i = 0; i < 60; ++i) {
            const std::size_t size = i < 20 ? zip.size() - 1 - i : zip.size() * (i - 20) / 40;
            CAPTURE(size);
            CHECK(export_failure(std::string_view(zip).substr(0, size)).code == Exit::data);
        }
        std::string bad = zip;
        bad[zip.size() / 2] = static_cast<char>(bad[zip.size() / 2] ^ 4); // inside a/b/random
        CHECK(export_failure(bad).code == Exit::data);
        archive::Options options;
        options.temp_dir = dir.path("missing");
        CHECK(export_failure(std::string_view(zip), options).code == Exit::cant_create);
    }
    shell(cat("cd ", dir.path("in"), " && zip -q -P secret ", dir.path("secret.zip"), " a/hello"));
    const Failure f = export_failure(dir.read("secret.zip"));
    CHECK(f.code == Exit::data);
    CHECK(f.names("encrypted"));
    CHECK_FALSE(f.hint.empty());
}

TEST_CASE("archives with changed bytes are refused or give some tree, and never more") {
    const TempDir dir;
    (void)io::make_dir_at(dir.dir(), "in");
    shell(cat(
        "cd ", dir.path("in"),
        R"sh( && mkdir d && printf hello > d/a && ln d/a d/b && ln -s a d/c && truncate -s 100000 d/s && printf x >> d/s &&
        printf y > d/$(printf '%0120d' 1) && setfattr -n user.k -v v d/a && setfacl -m u:1:r d/a && touch -d '2001-02-03 04:05:06.5Z' d/a; true)sh"));
    std::vector<std::string> archives;
    for (const char* format : {"--format=gnu", "--format=posix --xattrs --acls"})
        archives.push_back(shell(cat("tar -C ", dir.path("in"), " -cS -b1 ", format, " .")));
    if (installed("cpio"))
        for (const char* format : {"newc", "odc", "bin"})
            archives.push_back(shell(cat("cd ", dir.path("in"), " && find . | cpio -o --quiet -H ",
                                         format, " 2>/dev/null")));
    if (installed("zip"))
        archives.push_back(shell(cat("cd ", dir.path("in"), " && zip -q -r -y ", dir.path("in.zip"), " . && cat ", dir.path("in.zip"))));
    archives.push_back(shell(cat("tar -C ", dir.path("in"), " -cSz .")));
    Random random(11);
    int accepted = 0;
    for (const std::string& whole : archives)
        for (int i = 0; i < 500; ++i) {
            std::string bad = whole;
            const std::uint64_t changes = 1 + random.below(3);
            for (std::uint64_t k = 0; k < changes; ++k) {
                // Where there are headers: most of the rest is data that may be anything.
                const std::size_t at = random.below(std::min<std::size_t>(bad.size(), 20'000));
                bad[at] = random.one_in(2) ? static_cast<char>(random.below(256))
                                           : static_cast<char>(bad[at] ^ (1 << random.below(8)));
            }
            CAPTURE(i);
            std::string message;
            Exit code = Exit::ok;
            try {
                archive::Options options;
                options.sha256 = false; // a size may have become petabytes of holes
                (void)export_bytes(std::string_view(bad), options);
                ++accepted;
            } catch (const Error& e) {
                code = e.code();
                message = e.what();
            }
            CHECK_MESSAGE((code == Exit::ok || code == Exit::data), message);
        }
    MESSAGE("accepted: ", accepted);
}
