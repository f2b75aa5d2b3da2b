// SPDX-License-Identifier: Apache-2.0
// Segments: a group of chunks compressed together as one zstd frame.
//
// Together, small chunks compress as a solid archive does; apart from other segments, one chunk can be
// reached by reading one of them. A store keeps the frame as it came over the line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/codec.hpp"
#include "chunk/id.hpp"
#include "chunk/params.hpp"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace rs::chunk {

// A writer closes a segment at this size; a single larger chunk has one for itself. Measured on the dump of
// the benchmark: larger groups compress less than 1% better.
inline constexpr std::size_t segment_target_bytes = std::size_t{1} << 20;
// What a reader accepts: a writer adds chunks until the target is reached or passed.
inline constexpr std::size_t max_segment_bytes = segment_target_bytes + max_chunk_bytes;
inline constexpr std::size_t max_segment_chunks = std::size_t{1} << 20;
inline constexpr int default_level = 3;

enum class Codec : std::uint8_t { zstd = 1 }; // room for encrypted frames (rs-stream(5))

// lengths[i] is the size of chunk i in the decompressed bytes, >= 1; their sum is raw_bytes.
struct SegmentHead {
    Codec codec = Codec::zstd;
    std::vector<std::uint32_t> lengths;
    std::uint64_t raw_bytes = 0;
};

// codec (u8), number of chunks (varint), then each length (varint).
void encode_head(Encoder& out, const SegmentHead& head);
// Checks every limit before memory is taken.
[[nodiscard]] SegmentHead decode_head(Decoder& in);

struct Segment {
    SegmentHead head;
    std::vector<ChunkId> ids; // one for each chunk
    Buffer frame;
};

// One at a time per object; keeps its working memory between calls (4 to 5 MiB at level 3).
class Compressor {
public:
    explicit Compressor(int level);
    [[nodiscard]] Buffer compress(ByteSpan raw);

private:
    struct Free {
        void operator()(ZSTD_CCtx_s* ctx) const noexcept;
    };
    std::unique_ptr<ZSTD_CCtx_s, Free> ctx_;
    Buffer scratch_; // room for the worst case, which a frame of its own would take from the system each time
};

class Decompressor {
public:
    Decompressor();
    // Fills `raw` exactly; anything else is Error(Exit::data) naming `what`.
    void decompress(ByteSpan frame, MutableSpan raw, std::string_view what);

private:
    struct Free {
        void operator()(ZSTD_DCtx_s* ctx) const noexcept;
    };
    std::unique_ptr<ZSTD_DCtx_s, Free> ctx_;
};

// Lowest and highest level that --level takes.
[[nodiscard]] int min_level();
[[nodiscard]] int max_level();

} // namespace rs::chunk
