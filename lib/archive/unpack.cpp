// SPDX-License-Identifier: Apache-2.0
#include "archive/unpack.hpp"

#include <archive.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "archive/crc32.hpp"
#include "base/codec.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::archive {

namespace {
constexpr std::size_t piece_bytes = 256 << 10;
constexpr std::size_t gzip_head_bytes = 10; // RFC 1952 2.3.1: magic, method, flags, time, two more
constexpr std::size_t gzip_trailer_bytes = 8; // CRC32, ISIZE

// Five in 10^12 other places look like the head of a gzip member.
bool is_gzip_head(ByteSpan at) {
    const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(at[i]); };
    return byte(0) == 0x1f && byte(1) == 0x8b && byte(2) == 8 && byte(3) < 0x20 &&
           (byte(8) == 0 || byte(8) == 2 || byte(8) == 4) && (byte(9) <= 13 || byte(9) == 255);
}

std::uint64_t count_gzip_heads(ByteSpan bytes) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i + gzip_head_bytes <= bytes.size(); ++i) {
        const void* const found =
            std::memchr(bytes.data() + i, 0x1f, bytes.size() - gzip_head_bytes + 1 - i);
        if (found == nullptr) break;
        i = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
        if (is_gzip_head(bytes.subspan(i))) ++count;
    }
    return count;
}
} // namespace

struct Unpacker::Handle {
    ::archive* const a = ::archive_read_new();
    Handle() {
        if (a == nullptr) fail(Exit::temp_fail, "libarchive: out of memory");
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { ::archive_read_free(a); }
};

Unpacker::Unpacker(io::Source& in) : in_(in), handle_(std::make_unique<Handle>()) {
    ::archive* const a = handle_->a;
    ::archive_read_support_filter_gzip(a);
    ::archive_read_support_filter_bzip2(a);
    ::archive_read_support_filter_compress(a);
    ::archive_read_support_filter_xz(a);
    ::archive_read_support_filter_lzma(a);
    ::archive_read_support_filter_lzip(a);
    ::archive_read_support_filter_lz4(a);
    ::archive_read_support_filter_zstd(a);
    ::archive_read_support_filter_uu(a);
    ::archive_read_support_filter_rpm(a);
    ::archive_read_support_format_raw(a);
    ::archive_read_support_format_empty(a);
    ::archive_entry* entry = nullptr;
    const auto read = [](::archive* handle, void* self, const void** out) -> la_ssize_t {
        auto& unpacker = *static_cast<Unpacker*>(self);
        try {
            const ByteSpan bytes = unpacker.read_piece();
            *out = bytes.data();
            return static_cast<la_ssize_t>(bytes.size());
        } catch (...) {
            unpacker.error_ = std::current_exception();
            ::archive_set_error(handle, EIO, "read error");
            return -1;
        }
    };
    int result = ::archive_read_open(a, this, nullptr, read, nullptr);
    if (result == ARCHIVE_OK) result = ::archive_read_next_header(a, &entry);
    if (error_) std::rethrow_exception(error_);
    if (result == ARCHIVE_EOF) {
        finish();
        return;
    }
    if (result != ARCHIVE_OK) fail_here();
    gzip_ = ::archive_filter_count(a) == 2 && ::archive_filter_code(a, 0) == ARCHIVE_FILTER_GZIP;
}

Unpacker::~Unpacker() = default;

ByteSpan Unpacker::next() {
    while (!ended_) {
        const void* at = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int result = ::archive_read_data_block(handle_->a, &at, &size, &offset);
        if (error_) std::rethrow_exception(error_);
        if (result == ARCHIVE_EOF) {
            finish();
            break;
        }
        if (result != ARCHIVE_OK) fail_here();
        if (size == 0) continue;
        const ByteSpan bytes(static_cast<const std::byte*>(at), size);
        unpacked_bytes_ += size;
        if (gzip_) crc_ = crc32(crc_, bytes);
        return bytes;
    }
    return {};
}

// Full pieces, so that what a piece begins or ends with does not hang on how a pipe was written to.
ByteSpan Unpacker::read_piece() {
    if (source_ended_) return {};
    last_ = 1 - last_;
    Piece& piece = pieces_[last_];
    piece.buffer.resize(piece_bytes);
    piece.start = source_bytes_;
    piece.size = 0;
    while (piece.size < piece_bytes && !source_ended_) {
        const std::size_t n = in_.read(MutableSpan(piece.buffer).subspan(piece.size));
        piece.size += n;
        source_ended_ = n == 0;
    }
    source_bytes_ += piece.size;
    count_members();
    return piece.bytes();
}

void Unpacker::count_members() {
    const ByteSpan now = pieces_[last_].bytes(), before = pieces_[1 - last_].bytes();
    if (pieces_[last_].start == 0)
        looks_like_gzip_ = now.size() >= gzip_head_bytes && is_gzip_head(now);
    if (!looks_like_gzip_) return;
    Buffer seam; // heads that begin in the piece before and end in this one
    append(seam, before.last(std::min(before.size(), gzip_head_bytes - 1)));
    append(seam, now.first(std::min(now.size(), gzip_head_bytes - 1)));
    members_ += count_gzip_heads(seam) + count_gzip_heads(now);
}

void Unpacker::finish() {
    ended_ = true;
    const auto end =
        static_cast<std::uint64_t>(std::max<la_int64_t>(::archive_filter_bytes(handle_->a, -1), 0));
    if (gzip_) check_gzip(end);
    // What libarchive has taken but not used is in these two pieces.
    for (const Piece& piece : pieces_) {
        const std::size_t used =
            end <= piece.start ? 0 : std::min<std::uint64_t>(end - piece.start, piece.size);
        if (!all_zero(piece.bytes().subspan(used))) garbage_ = true;
    }
    for (ByteSpan rest = read_piece(); !rest.empty(); rest = read_piece())
        if (!all_zero(rest)) garbage_ = true;
}

void Unpacker::check_gzip(std::uint64_t end) const {
    if (end < gzip_trailer_bytes) return;
    Buffer trailer;
    for (std::uint64_t at = end - gzip_trailer_bytes; at < end; ++at)
        for (const Piece& piece : pieces_)
            if (at >= piece.start && at - piece.start < piece.size)
                trailer.push_back(piece.buffer[at - piece.start]);
    if (trailer.size() != gzip_trailer_bytes) return;
    Decoder in(trailer, in_.name());
    const std::uint32_t crc = in.u32();
    const std::uint32_t size = in.u32();
    // Of several members this is the checksum of the last one; where that begins we do not know.
    if (members_ > 1 && size != static_cast<std::uint32_t>(unpacked_bytes_)) return;
    if (crc != crc_ || size != static_cast<std::uint32_t>(unpacked_bytes_))
        fail(Exit::data, cat(printable(in_.name()), ": the gzip data does not match its checksum"));
}

void Unpacker::fail_here() const {
    ::archive* const a = handle_->a;
    const char* const text = ::archive_error_string(a);
    fail(Exit::data,
         cat(printable(in_.name()), ": ",
             text != nullptr ? printable(text) : "truncated or damaged compressed data"));
}

} // namespace rs::archive
