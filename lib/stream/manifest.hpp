// SPDX-License-Identifier: Apache-2.0
// Manifest blocks: entries as a sequence of small operations, and beside them the chunks they refer to.
//
// A block has two sections. The ops describe entries; the refs name, as runs, the chunks of all data
// extents of the block in order. They are apart so that whoever collects garbage reads no names,
// and so that the ops can be encrypted one day and the refs need not. A block is read without any
// other: prefixes and "same as before" never reach across its start. A file may go over several blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/codec.hpp"
#include "chunk/id.hpp"
#include "stream/entry.hpp"
#include "stream/format.hpp"

namespace rs::stream {

// `count` chunks that follow one another in the space of numbers that `kind` says.
struct Run {
    enum class Kind : std::uint8_t {
        stored = 0, // numbers of a store; never on the wire
        fresh = 1,  // the chunks of this stream's segments, counted from 0 in order
        parent = 2, // the chunk table of the have stream that was answered
        named = 3,  // by id; start is an index into the ids of the block
    };
    Kind kind = Kind::stored;
    std::uint64_t start = 0;
    std::uint64_t count = 0;
    bool operator==(const Run&) const = default;
};

struct ManifestBlock {
    Buffer refs;
    Buffer ops;
    [[nodiscard]] bool empty() const { return ops.empty(); }
};

// varint size of refs, refs, ops; and back.
void encode_block(Buffer& out, const ManifestBlock& block);
struct BlockView {
    ByteSpan refs;
    ByteSpan ops;
};
[[nodiscard]] BlockView decode_block(ByteSpan payload, const std::string& what, std::size_t limit = max_manifest_bytes);

// Calls f(run, ids) for each run of a refs section; ids are those of a named run, else empty.
void read_runs(ByteSpan refs, const std::string& what,
               const std::function<void(const Run&, std::span<const chunk::ChunkId>)>& f);

// Builds blocks. The caller keeps the order of calls legal: entry; for a file then extents and end.
class ManifestWriter {
public:
    // Beyond the limits of format.hpp: Error(Exit::no_input) that names the path; nothing was written.
    void entry(const Entry& entry);
    // `bytes` is the total length of the chunks. Neighbouring calls melt into one extent and runs
    // that continue one another into one run. named runs: ids holds run.count ids.
    void data(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids = {});
    void hole(std::uint64_t bytes) { gap(Extent::Kind::hole, bytes); }
    void zero(std::uint64_t bytes) { gap(Extent::Kind::zero, bytes); }
    // `known` without a digest: a have stream, which does not carry digests.
    void end(const std::optional<chunk::Digest>& sha256, bool known = false);
    // Instead of end: the file changed while it was read. It is as if its entry had not been written; the
    // next entry may be the same path, read anew.
    void withdraw();
    // The next n entries of the parent generation: taken over, or left out.
    void copy(std::uint64_t entries);
    void skip(std::uint64_t entries);

    // Size of the block so far, give or take what is still being melted together; but ids count at once,
    // a run of named chunks may be the largest part of a block.
    [[nodiscard]] std::size_t size() const {
        return block_.refs.size() + block_.ops.size() + run_ids_.size() * sizeof(chunk::ChunkId);
    }
    [[nodiscard]] bool empty() const { return size() == 0 && !data_bytes_ && !copy_ && !skip_; }
    // Hands over the block and starts the next one.
    [[nodiscard]] ManifestBlock take();

private:
    void gap(Extent::Kind kind, std::uint64_t bytes);
    void flush_run();
    void flush_data();
    void flush_merge();

    ManifestBlock block_;
    std::string last_path_;
    bool have_owner_ = false;
    std::uint64_t uid_ = 0, gid_ = 0;
    std::string user_, group_;
    Run run_;
    std::vector<chunk::ChunkId> run_ids_;
    std::uint64_t expected_[4]{};
    std::uint64_t data_bytes_ = 0, data_chunks_ = 0;
    std::uint64_t copy_ = 0, skip_ = 0;
};

// Reads the runs of a refs section one after another.
class RunReader {
public:
    RunReader(ByteSpan refs, const std::string& what) : in_(refs, what) {}
    [[nodiscard]] bool empty() const { return in_.empty(); }
    // ids: those of a named run, else left empty. run.start is 0 for a named run.
    void next(Run& run, std::vector<chunk::ChunkId>& ids);

private:
    Decoder in_;
    std::uint64_t expected_[4]{};
};

struct Op {
    enum class Kind { entry, data, hole, zero, end, withdraw, copy, skip };
    Kind kind = Kind::entry;
    Entry entry;                         // entry
    std::vector<Run> runs;               // data
    std::vector<chunk::ChunkId> ids;     // data: ids of named runs, run.start counts in here
    std::uint64_t bytes = 0;             // data, hole, zero
    std::uint64_t chunks = 0;            // data
    std::optional<chunk::Digest> sha256; // end
    bool sha256_known = false;           // end: there is one, also where it is not sent
    std::uint64_t count = 0;             // copy, skip
};

// Reads one block, every number checked against its limit. It sees to the form of each operation; the
// order of operations and of entries is Checker's.
class ManifestReader {
public:
    // implicit_refs: a have stream has no refs; data ops then carry no runs.
    ManifestReader(BlockView block, const std::string& what, bool implicit_refs = false);
    // False at the end of the block; `op` is overwritten (and its memory used again).
    [[nodiscard]] bool next(Op& op);

private:
    void read_entry(Type type, Entry& entry);
    void take_runs(std::uint64_t chunks, Op& op);

    Decoder ops_;
    RunReader refs_;
    bool implicit_refs_;
    std::string last_path_;
    bool have_owner_ = false;
    std::uint64_t uid_ = 0, gid_ = 0;
    std::string user_, group_;
    Run run_; // what is left of the run being handed out
    std::vector<chunk::ChunkId> run_ids_;
};

} // namespace rs::stream
