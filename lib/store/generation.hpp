// SPDX-License-Identifier: Apache-2.0
// A generation in a store: its file, and its entries read back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stream/checker.hpp"
#include "stream/header.hpp"
#include "stream/manifest.hpp"
#include "store/index.hpp"
#include "store/store.hpp"

namespace rs::store {

enum class Line { main, branch };

// What the file names/NAME/E.C.gen says (of a branch: names/NAME/branch/E.C.gen).
struct GenerationFile {
    stream::Header header;            // as it came in the stream; `name` is the name in this store
    stream::TreeTotals totals;
    chunk::Digest digest{};           // of the tree
    bool suspicious = false;          // much smaller than those before it when it came
    std::uint64_t new_chunks = 0;     // that arrived with it
    std::uint64_t new_bytes = 0;      // their size
    std::uint64_t stored_bytes = 0;   // and what they and the manifest take in packs
    std::vector<stream::Run> blocks;  // numbers of the manifest's blocks
    Line line = Line::main;           // where it was found; not in the file

    [[nodiscard]] Generation id() const { return header.generation; }
    [[nodiscard]] Buffer encode() const;
    [[nodiscard]] static GenerationFile decode(ByteSpan bytes, const std::string& path);
};

[[nodiscard]] std::string generation_name(const Generation& id); // E.C.gen
// The files of a line, ascending; names that are none are left out.
[[nodiscard]] std::vector<Generation> list_generations(const io::Dir& name_dir, Line line);
[[nodiscard]] bool is_there(const io::Dir& name_dir, const Generation& id, Line line); // its file; damaged or not
// Missing: nothing. Damaged: Error(Exit::data).
[[nodiscard]] std::optional<GenerationFile> try_load_generation(const io::Dir& name_dir, const Generation& id, Line line);

// Reads chunks from packs, keeping the last few segments decompressed (each about 1 MiB).
class ChunkReader {
public:
    // A pack that a prune has replaced meanwhile is looked for again, through a fresh index.
    ChunkReader(const Store& store, Index& index, const chunk::Hasher& hasher, std::size_t cached_segments = 8);
    // "NAME E.C": what chunks are read for from here on, for messages.
    void read_for(std::string subject) { subject_ = std::move(subject); }
    // The chunk's bytes, its id verified; valid until the next call. What cannot be had is Error(Exit::data)
    // that names pack and byte.
    [[nodiscard]] ByteSpan read(std::uint64_t number);
    // The file of a pack has gone: thrown by read_segment() only, for whoever walks packs rather than chunks.
    struct PackGone {
        const PackIndex* pack;
    };
    // The segment of a place as it is stored, its checksum verified.
    [[nodiscard]] chunk::Segment read_segment(const PackIndex& pack, std::uint32_t segment);
    [[nodiscard]] const Index& index() const { return index_; }

private:
    struct Cached {
        const PackIndex* pack = nullptr;
        std::uint32_t segment = 0;
        Buffer memory; // begins with the segment
        std::vector<std::uint32_t> offsets; // of each chunk
        std::uint64_t used = 0;
    };
    [[nodiscard]] ByteSpan read_now(std::uint64_t number);
    Cached& load(const PackIndex& pack, std::uint32_t segment);
    int pack_fd(const PackIndex& pack);

    const Store& store_;
    Index& index_;
    const chunk::Hasher& hasher_;
    std::string subject_;
    Buffer stored_; // a segment as it is on disk
    chunk::Decompressor decompressor_;
    std::vector<Cached> cache_;
    std::uint64_t clock_ = 0;
    std::vector<std::pair<const PackIndex*, io::Fd>> open_; // the last few packs
};

// Walks the operations of a generation in order.
class GenerationReader {
public:
    GenerationReader(const GenerationFile& generation, ChunkReader& chunks);
    // False at the end. A block that cannot be read is Error(Exit::data).
    [[nodiscard]] bool next(stream::Op& op);

private:
    const GenerationFile& generation_;
    ChunkReader& chunks_;
    std::size_t run_ = 0;
    std::uint64_t in_run_ = 0;
    Buffer block_;
    std::optional<stream::ManifestReader> reader_;
    std::string what_;
};

// Gathers operations into blocks whose borders depend on paths only, so that a block without a change is the
// same bytes in the next generation and is stored once.
class BlockBuilder {
public:
    // `done` gets the payload of each block.
    explicit BlockBuilder(std::function<void(Buffer&&)> done) : done_(std::move(done)) {}
    // Runs must be of kind stored.
    void feed(const stream::Op& op);
    void finish();

private:
    void flush();
    std::function<void(Buffer&&)> done_;
    stream::ManifestWriter writer_;
    std::size_t entries_ = 0;
};

} // namespace rs::store
