// SPDX-License-Identifier: Apache-2.0
// The bytes of a file into chunks: what the other side has becomes a reference, the rest new chunks.
//
// The chunks of the file's previous version predict the next cut (chunk/cut.hpp). Where the prediction
// fails the content is cut and its id looked for among everything the other side has and everything this
// stream has sent; if it is found, prediction goes on from there. So an unchanged stretch
// costs one XXH3, an insertion one or two rolled chunks, a renamed file one.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/monitor.hpp"
#include "chunk/hash_thread.hpp"
#include "chunk/id_index.hpp"
#include "stream/have.hpp"
#include "stream/writer.hpp"

namespace rs::stream {

// Where the references of one file go: straight into the stream, or kept until the file's place is known.
class ContentSink {
public:
    virtual ~ContentSink() = default;
    virtual void data(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids) = 0;
    virtual void hole(std::uint64_t bytes) = 0;
    virtual void zero(std::uint64_t bytes) = 0;
};

struct ContentTotals {
    std::uint64_t read_bytes = 0; // looked at, holes left out
    std::uint64_t new_bytes = 0;  // sent as new chunks, before compression
    std::uint64_t new_chunks = 0;
};

class ContentWriter {
public:
    // have: what the other side holds, or null. All arguments must outlive the object.
    ContentWriter(StreamWriter& stream, const chunk::Hasher& hasher, const HaveTable* have, bool sha256,
                  Monitor& monitor);

    // One file: begin, then its regions and holes in order, then end.
    // old: the file's previous version in the have stream, or null; it must stay until end.
    // sink null: straight into the stream.
    void begin(const chunk::Params& params, const HaveEntry* old, ContentSink* sink = nullptr);
    // Bytes that end with the region: fill(span) gives at least 1 byte, 0 at the end. Stops after
    // `length` bytes. Gives the number of bytes taken (less than length: fill ended early).
    std::uint64_t region(std::uint64_t length, const std::function<std::size_t(MutableSpan)>& fill);
    // 0 bytes are nothing.
    void hole(std::uint64_t bytes);
    struct Result {
        std::uint64_t bytes = 0; // size of the file, holes included
        std::optional<chunk::Digest> sha256;
    };
    Result end();

    [[nodiscard]] const ContentTotals& totals() const { return totals_; }
    void expect(std::uint64_t total_bytes) { expected_bytes_ = total_bytes; }
    // Bytes of files that were not opened count as done for the progress.
    void pass(std::uint64_t bytes) { done_bytes_ += bytes; }

private:
    [[nodiscard]] std::size_t take_predicted(ByteSpan view, bool last);
    [[nodiscard]] std::size_t take_cut(ByteSpan view);
    void emit(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids = {});
    void flush_zeros();
    [[nodiscard]] std::size_t zero_length(ByteSpan view) const;
    [[nodiscard]] std::size_t block_length(std::size_t available) const;
    [[nodiscard]] const HaveIndex& have_index();

    StreamWriter& stream_;
    const chunk::Hasher& hasher_;
    const HaveTable* have_;
    bool sha256_;
    Monitor& monitor_;
    std::unique_ptr<HaveIndex> index_;
    std::vector<chunk::ChunkId> sent_; // in this stream, by number; none is sent twice
    chunk::IdIndex sent_at_;
    Buffer buffers_[2];
    chunk::HashThread hash_; // behind the buffers: it ends before they go, also when something was thrown
    ContentTotals totals_;
    std::uint64_t expected_bytes_ = 0, done_bytes_ = 0;

    // of the present file
    ContentSink* sink_ = nullptr;
    chunk::Params params_;
    std::uint64_t offset_ = 0;
    std::uint64_t next_ = 0, last_ = 0;  // predicted chunk in the have table; one past the file's chunks
    std::vector<std::uint64_t> forced_;  // chunks that end where data ends, not where content says
    std::uint64_t zeros_ = 0;            // zero bytes at the end that were not emitted yet
};

} // namespace rs::stream
