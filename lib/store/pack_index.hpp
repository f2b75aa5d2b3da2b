// SPDX-License-Identifier: Apache-2.0
// What is in one pack, and where: the file index/SERIAL.idx of rs-store(5), mapped.
//
// An index can be rebuilt from its pack: ids are the hashes of the chunks, everything else is in the heads of the
// segments and in the end of the pack. Only there do chunks that were lost keep their ids, so that
// a later pull can recognise and heal them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chunk/id.hpp"
#include "io/file.hpp"
#include "io/mapped.hpp"
#include "store/format.hpp"

namespace rs::store {

// `count` chunks with numbers from `number` on are at the positions from `position` on.
struct NumberRun {
    std::uint64_t number = 0;
    std::uint32_t position = 0;
    std::uint32_t count = 0;
    bool operator==(const NumberRun&) const = default;
};

struct SegmentPlace {
    std::uint64_t offset = 0;        // of the segment header in the pack
    std::uint32_t head_bytes = 0;
    std::uint32_t frame_bytes = 0;
    std::uint32_t first_position = 0;
    SegmentKind kind = SegmentKind::data;
    bool damaged = false; // its checksum is wrong; chunks that are not lost must be verified one by one
    [[nodiscard]] std::uint64_t stored_bytes() const { return segment_header_bytes + head_bytes + frame_bytes; }
    bool operator==(const SegmentPlace&) const = default;
};

// The content of an index while it is made.
struct IndexContent {
    std::uint64_t serial = 0;
    std::uint64_t pack_bytes = 0;         // size of the pack file
    std::vector<NumberRun> runs;          // sorted by number
    std::vector<SegmentPlace> segments;   // sorted by position
    std::vector<std::uint32_t> lengths;   // by position
    std::vector<bool> lost;               // by position, or empty: none
    std::vector<chunk::ChunkId> ids;      // by position

    [[nodiscard]] Buffer encode() const;
};

class PackIndex {
public:
    // Maps the file and checks its structure; verify: its SHA-256 as well. Error(Exit::data) if it is no
    // good index.
    PackIndex(int fd, const std::string& path, bool verify);

    [[nodiscard]] std::uint64_t serial() const { return serial_; }
    [[nodiscard]] std::uint64_t pack_bytes() const { return pack_bytes_; }
    [[nodiscard]] std::uint32_t chunks() const { return chunks_; }
    [[nodiscard]] const std::vector<NumberRun>& runs() const { return runs_; }
    [[nodiscard]] const std::vector<SegmentPlace>& segments() const { return segments_; }
    [[nodiscard]] std::uint32_t length(std::uint32_t position) const { return word(position) & ~lost_bit; }
    [[nodiscard]] bool lost(std::uint32_t position) const { return (word(position) & lost_bit) != 0; }
    [[nodiscard]] chunk::ChunkId id(std::uint32_t position) const;
    [[nodiscard]] std::uint32_t segment_of(std::uint32_t position) const; // index into segments()
    [[nodiscard]] std::uint32_t segment_end(std::uint32_t segment) const; // one past its last position
    [[nodiscard]] IndexContent content() const;
    // Where the pack is: packs/ of the store, or the directory of a transfer under way.
    std::shared_ptr<io::Dir> pack_dir;

private:
    static constexpr std::uint32_t lost_bit = 0x80000000;
    [[nodiscard]] std::uint32_t word(std::uint32_t position) const;

    io::Mapped map_;
    std::uint64_t serial_ = 0, pack_bytes_ = 0;
    std::uint32_t chunks_ = 0;
    std::vector<NumberRun> runs_;
    std::vector<SegmentPlace> segments_;
    ByteSpan lengths_, ids_;
};

[[nodiscard]] std::string pack_name(std::uint64_t serial);  // 0000000001.pack
[[nodiscard]] std::string index_name(std::uint64_t serial); // 0000000001.idx
// The serial in such a name, or nothing.
[[nodiscard]] std::optional<std::uint64_t> serial_in_name(std::string_view name, std::string_view suffix);

} // namespace rs::store
