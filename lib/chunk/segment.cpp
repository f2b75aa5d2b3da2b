// SPDX-License-Identifier: Apache-2.0
#include "chunk/segment.hpp"

#include <zstd.h>
#include <zstd_errors.h>

#include <new>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::chunk {

namespace {
std::size_t checked(std::size_t result, std::string_view what, Exit code) {
    // Not a word about the data.
    if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
    if (ZSTD_isError(result) != 0) fail(code, cat(what, ": ", ZSTD_getErrorName(result)));
    return result;
}
} // namespace

void encode_head(Encoder& out, const SegmentHead& head) {
    out.u8(static_cast<std::uint8_t>(head.codec));
    out.varint(head.lengths.size());
    for (const std::uint32_t length : head.lengths) out.varint(length);
}

SegmentHead decode_head(Decoder& in) {
    SegmentHead head;
    const std::uint8_t codec = in.u8();
    if (codec != static_cast<std::uint8_t>(Codec::zstd)) in.bad(cat("unknown codec ", codec));
    const std::uint64_t count = in.varint(max_segment_chunks, "number of chunks");
    if (count == 0) in.bad("a segment without chunks");
    if (count > in.remaining()) in.bad("ends too early");
    head.lengths.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t length = in.varint(max_chunk_bytes, "chunk length");
        if (length == 0) in.bad("a chunk of no bytes");
        head.lengths.push_back(static_cast<std::uint32_t>(length));
        head.raw_bytes += length;
        if (head.raw_bytes > max_segment_bytes) in.bad("a segment larger than its limit");
    }
    return head;
}

void Compressor::Free::operator()(ZSTD_CCtx_s* ctx) const noexcept { ZSTD_freeCCtx(ctx); }

Compressor::Compressor(int level) : ctx_(ZSTD_createCCtx()) {
    if (!ctx_) throw std::bad_alloc();
    checked(ZSTD_CCtx_setParameter(ctx_.get(), ZSTD_c_compressionLevel, level), "zstd level",
            Exit::usage);
}

Buffer Compressor::compress(ByteSpan raw) {
    if (const std::size_t bound = ZSTD_compressBound(raw.size()); scratch_.size() < bound) scratch_.resize(bound);
    const std::size_t size =
        checked(ZSTD_compress2(ctx_.get(), scratch_.data(), scratch_.size(), raw.data(), raw.size()),
                "compressing a segment", Exit::software);
    return {scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(size)};
}

void Decompressor::Free::operator()(ZSTD_DCtx_s* ctx) const noexcept { ZSTD_freeDCtx(ctx); }

Decompressor::Decompressor() : ctx_(ZSTD_createDCtx()) {
    if (!ctx_) throw std::bad_alloc();
}

void Decompressor::decompress(ByteSpan frame, MutableSpan raw, std::string_view what) {
    const std::size_t size = checked(
        ZSTD_decompressDCtx(ctx_.get(), raw.data(), raw.size(), frame.data(), frame.size()), what,
        Exit::data);
    if (size != raw.size())
        fail(Exit::data, cat(what, ": holds ", size, " bytes instead of ", raw.size()));
}

int min_level() { return 1; }
int max_level() { return ZSTD_maxCLevel(); }

} // namespace rs::chunk
