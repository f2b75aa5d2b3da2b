// SPDX-License-Identifier: Apache-2.0
// The first record of a stream, and the last.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/codec.hpp"
#include "base/generation.hpp"
#include "chunk/id.hpp"
#include "chunk/sha256.hpp"
#include "stream/entry.hpp"

namespace rs::stream {

enum class Purpose : std::uint8_t {
    dump = 1, // a generation, whole or as a delta
    have = 2, // what its writer holds
};

// What a delta builds on, or what a have stream tells of: number and tree digest.
struct Parent {
    Generation generation;
    chunk::Digest digest{};
    bool operator==(const Parent&) const = default;
};

struct Header {
    Purpose purpose = Purpose::dump;
    // dump: its number. have: the newest generation that the writer knows of, also when it is damaged and
    // another one is the parent; none (0.0) if it knows no generation.
    Generation generation;
    // dump: the generation that the have stream described; without it the stream is whole.
    // have: the generation that its entries and chunk table describe.
    std::optional<Parent> parent;
    Stamp time;               // when the dump was begun, UTC; for people
    std::string host;         // where it was read
    std::string instance;     // of which instance, or empty
    std::string name;         // name in a store, or empty
    chunk::Key key{};         // of the chunk ids
    std::optional<std::array<std::byte, 16>> store; // id of the store that wrote it
    bool changed_while_read = false; // taken with --allow-changed and some file did change
    std::uint64_t expected_bytes = 0; // size of the tree if it is known beforehand; for progress
};

// A text longer than the limit is Exit::usage.
void encode_header(Encoder& out, const Header& header);
[[nodiscard]] Header decode_header(ByteSpan payload, const std::string& what);

// Counts let a reader say what is missing; they do not replace the digests.
struct Trailer {
    std::uint64_t segments = 0;
    std::uint64_t chunks = 0;
    std::uint64_t chunk_bytes = 0;    // raw bytes of all chunks in segments
    std::uint64_t blocks = 0;
    bool changed_while_read = false;  // known only at the end
    std::optional<chunk::Digest> tree; // of the resulting tree, where the writer knows it
};

void encode_trailer(Encoder& out, const Trailer& trailer);
[[nodiscard]] Trailer decode_trailer(Decoder& in);

} // namespace rs::stream
