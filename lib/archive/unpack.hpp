// SPDX-License-Identifier: Apache-2.0
// Takes the compression off, one layer or several, and gives the bytes below.
//
// It is apart from reading the archive so that the archive's end is not the end of the reading: what
// comes behind (the checksum of the compressed data, padding, a second archive) is looked at, and whoever writes
// into our pipe can finish.
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include "io/stream.hpp"

namespace rs::archive {

// Knows gzip, bzip2, compress, xz, lzma, lzip, lz4, zstd, uuencode and the head of an RPM package; other bytes go
// through as they are. All of them are libarchive's own code: formats for which it would start a
// program are left out. Damage that a format shows is Error(Exit::data); of gzip with several members
// only the structure and not the checksums are looked at.
// Memory: 512 KiB, and what the format asks for (xz -9: 65 MiB; zstd --long=31: 2 GiB).
class Unpacker {
public:
    // in must outlive the object. It is read to its end, in pieces of 256 KiB.
    explicit Unpacker(io::Source& in);
    ~Unpacker();
    Unpacker(const Unpacker&) = delete;
    Unpacker& operator=(const Unpacker&) = delete;

    // At least one byte, valid until the next call; nothing at the end, when the compressed data was found whole.
    [[nodiscard]] ByteSpan next();

    // After the end: bytes other than zeros, which pad a tape, stood behind the compressed data.
    [[nodiscard]] bool garbage_behind() const { return garbage_; }
    // Bytes of the source so far.
    [[nodiscard]] std::uint64_t bytes_read() const { return source_bytes_; }

private:
    struct Handle; // libarchive's object
    struct Piece {
        Buffer buffer;
        std::uint64_t start = 0; // of it in the source
        std::size_t size = 0;
        [[nodiscard]] ByteSpan bytes() const { return ByteSpan(buffer).first(size); }
    };

    [[nodiscard]] ByteSpan read_piece();
    void count_members();
    void finish();
    void check_gzip(std::uint64_t end) const;
    [[noreturn]] void fail_here() const;

    io::Source& in_;
    std::array<Piece, 2> pieces_; // the last one read, and the one before
    std::size_t last_ = 0;
    std::uint64_t source_bytes_ = 0;
    bool source_ended_ = false;
    std::exception_ptr error_; // thrown by the source, below libarchive
    std::unique_ptr<Handle> handle_;
    bool looks_like_gzip_ = false;
    std::uint64_t members_ = 0; // heads of gzip members in the source, and what looks like one
    bool gzip_ = false;         // gzip and nothing else
    std::uint32_t crc_ = 0;
    std::uint64_t unpacked_bytes_ = 0;
    bool ended_ = false;
    bool garbage_ = false;
};

} // namespace rs::archive
