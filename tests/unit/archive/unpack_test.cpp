// SPDX-License-Identifier: Apache-2.0
#include "archive/unpack.hpp"

#include "archive/crc32.hpp"
#include "unit/archive/support.hpp"

using namespace rs;
using namespace rs::archive;
using namespace rs::archive_test;

namespace {

struct Unpacked {
    std::string bytes;
    bool garbage = false;
};

Unpacked unpack(std::string_view packed, std::size_t piece = SIZE_MAX) {
    io::BufferSource in(as_bytes(packed), piece, "packed");
    Unpacker unpacker(in);
    Unpacked out;
    for (ByteSpan bytes = unpacker.next(); !bytes.empty(); bytes = unpacker.next())
        out.bytes += as_text(bytes);
    CHECK(unpacker.next().empty());
    CHECK(unpacker.bytes_read() == packed.size());
    out.garbage = unpacker.garbage_behind();
    return out;
}

struct Packer {
    const char* name;
    const char* command;
    bool checksum; // a changed byte cannot go unnoticed
};

constexpr Packer packers[] = {
    {"gzip", "gzip -c", true},  {"bzip2", "bzip2 -c", true},
    {"xz", "xz -c", true},      {"lzma", "xz -c --format=lzma", false},
    {"zstd", "zstd -qc", true}, {"lz4", "lz4 -qc", true},
    {"lzip", "lzip -c", true},  {"compress", "compress -c", false},
};

// Compresses somewhat, and is longer than a piece of the unpacker.
std::string sample(std::size_t size) {
    Random random(7);
    std::string out;
    while (out.size() < size) {
        out += random.letters(1000);
        out += as_text(random.bytes(1000));
    }
    out.resize(size);
    return out;
}

} // namespace

TEST_CASE("crc32 is that of gzip, however the bytes are fed") {
    CHECK(crc32(0, {}) == 0);
    CHECK(crc32(0, as_bytes("123456789")) == 0xcbf43926); // the check value of this CRC
    const std::string text = sample(1000);
    const std::uint32_t whole = crc32(0, as_bytes(text));
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 15U, 100U}) {
        std::uint32_t crc = 0;
        for (std::size_t at = 0; at < text.size(); at += piece)
            crc = crc32(crc, as_bytes(std::string_view(text).substr(at, piece)));
        CHECK(crc == whole);
    }
}

TEST_CASE("what is not packed comes through as it is, in pieces of any size") {
    CHECK(unpack("").bytes.empty());
    for (const std::size_t size : {1U, 3U, 511U, 262'143U, 262'144U, 262'145U, 1'000'000U})
        for (const std::size_t piece :
             {std::size_t{4096}, std::size_t{262'144}, std::size_t{SIZE_MAX}}) {
            CAPTURE(size);
            CAPTURE(piece);
            const std::string text = sample(size);
            const Unpacked out = unpack(text, piece);
            CHECK(out.bytes == text);
            CHECK_FALSE(out.garbage);
        }
}

TEST_CASE("every packer's output is unpacked, and its end is where it ends") {
    const TempDir dir;
    for (const Packer& packer : packers) {
        CAPTURE(std::string(packer.name));
        if (!installed(std::string(packer.command)
                           .substr(0, std::string_view(packer.command).find(' ')))) {
            MESSAGE("not installed: ", std::string(packer.command));
            continue;
        }
        for (const std::size_t size : {0U, 1U, 700'000U}) {
            CAPTURE(size);
            const std::string text = sample(size);
            dir.write("x", text);
            const std::string packed = shell(cat(packer.command, " < ", dir.path("x")));
            for (const std::size_t piece : {std::size_t{1000}, std::size_t{SIZE_MAX}}) {
                const Unpacked out = unpack(packed, piece);
                CHECK(out.bytes == text);
                CHECK_FALSE(out.garbage);
            }
        }
    }
}

TEST_CASE("packed data that is cut anywhere is refused") {
    const TempDir dir;
    const std::string text = sample(30'000);
    dir.write("x", text);
    for (const Packer& packer : packers) {
        CAPTURE(std::string(packer.name));
        if (!packer.checksum ||
            !installed(
                std::string(packer.command).substr(0, std::string_view(packer.command).find(' '))))
            continue;
        const std::string packed = shell(cat(packer.command, " < ", dir.path("x")));
        for (std::size_t size = 20; size<packed.size(); size += size> packed.size() - 40 ? 1 : 97) {
            CAPTURE(size);
            CHECK(code_of([&] { (void)unpack(std::string_view(packed).substr(0, size)); }) ==
                  Exit::data);
        }
    }
}

TEST_CASE("packed data with a changed byte is refused, or comes out as it was") {
    const TempDir dir;
    const std::string text = sample(20'000);
    dir.write("x", text);
    Random random(3);
    for (const Packer& packer : packers) {
        CAPTURE(std::string(packer.name));
        if (!installed(
                std::string(packer.command).substr(0, std::string_view(packer.command).find(' '))))
            continue;
        const std::string packed = shell(cat(packer.command, " < ", dir.path("x")));
        for (int i = 0; i < 300; ++i) {
            const std::size_t at = 10 + random.below(packed.size() - 10);
            CAPTURE(at);
            std::string bad = packed;
            bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8)));
            std::string out;
            const Exit code = code_of([&] { out = unpack(bad).bytes; });
            CHECK((code == Exit::ok || code == Exit::data));
            if (code == Exit::ok && packer.checksum) CHECK(out == text);
        }
    }
}

TEST_CASE("zeros behind packed data are padding, other bytes are reported") {
    const TempDir dir;
    dir.write("x", sample(5000));
    const std::string packed = shell(cat("gzip -c < ", dir.path("x")));
    CHECK_FALSE(unpack(packed + std::string(10'000, '\0')).garbage);
    CHECK_FALSE(unpack(packed + std::string(600'000, '\0')).garbage);
    CHECK(unpack(packed + "x").garbage);
    CHECK(unpack(packed + std::string(600'000, '\0') + "x").garbage);
}

TEST_CASE("gzip data of several members is one") {
    const TempDir dir;
    dir.write("x", sample(5000));
    const std::string packed = shell(cat("gzip -c < ", dir.path("x")));
    const Unpacked out = unpack(packed + packed);
    CHECK(out.bytes == sample(5000) + sample(5000));
    CHECK_FALSE(out.garbage);
}

TEST_CASE("what the source throws comes out as it is") {
    class Broken final : public io::Source {
    public:
        std::size_t read(MutableSpan into) override {
            if (++calls_ > 3) fail(Exit::io, "broken");
            into[0] = std::byte{'x'};
            return 1;
        }
        [[nodiscard]] const std::string& name() const override { return name_; }

    private:
        int calls_ = 0;
        std::string name_ = "broken";
    };
    Broken source;
    CHECK(code_of([&] { Unpacker unpacker(source); }) == Exit::io);
}
