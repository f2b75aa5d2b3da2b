// SPDX-License-Identifier: Apache-2.0
// The manifest of a stream into that of a store: copied entries are taken from the parent generation, references
// become numbers, and everything is checked on the way.
#pragma once

#include <optional>
#include <vector>

#include "store/intake.hpp"
#include "store/number_list.hpp"
#include "stream/checker.hpp"
#include "stream/path_set.hpp"
#include "stream/tree_digest.hpp"

namespace rs::store {

// All chunk references of a generation one behind the other, as its have stream's table has them.
[[nodiscard]] NumberList flat_references(const GenerationFile& generation, ChunkReader& chunks);

// Calls f for every reference of a generation: its blocks, and what they refer to.
void for_references(const GenerationFile& generation, ChunkReader& chunks,
                    const std::function<void(const stream::Run&)>& f);

class Resolver {
public:
    // parent null: the stream is whole. `what` names the stream in messages.
    Resolver(Intake& intake, const GenerationFile* parent, std::string what);
    void block(const stream::BlockView& view);
    // The stream was whole: its manifest must be, too.
    void finish();
    [[nodiscard]] const stream::TreeTotals& totals() const { return whole_parent_ ? parent_->totals : checker_.totals(); }
    [[nodiscard]] const chunk::Digest& digest() const { return digest_; }
    // Where the manifest's blocks are, after finish() and Intake::flush().
    [[nodiscard]] std::vector<stream::Run> blocks() const { return whole_parent_ ? parent_->blocks : intake_.blocks(); }
    [[nodiscard]] std::uint64_t done_bytes() const { return checker_.totals().data_bytes; }

private:
    void take(const stream::Op& op);
    void take_parent_entry(bool copy);
    void copy_parent();
    void resolve(const stream::Op& op);
    void end_file(const stream::Op& end);
    void give(const stream::Op& op);
    void check_link(const stream::Entry& entry);
    void digest_chunks(const stream::Op& op);
    void reference(std::uint64_t number, std::uint64_t count, std::uint64_t& bytes);
    [[noreturn]] void bad(std::string_view why) const;
    [[noreturn]] void lost() const;

    Intake& intake_;
    const GenerationFile* parent_;
    std::string what_;
    std::optional<GenerationReader> parent_reader_;
    std::optional<NumberList> flat_;
    stream::Op op_, parent_op_;
    bool begun_ = false;
    // So far all that was said is that the whole of the parent generation is taken over: then its blocks are ours, and
    // nothing of it need be read but which chunks it refers to. Of 60,000 files that is a third of the work.
    bool whole_parent_ = false;
    bool in_file_ = false;
    // The file so far, held back until its end, because it may be withdrawn. 32 bytes an extent or run of chunks.
    struct Piece {
        stream::Op::Kind kind = stream::Op::Kind::data; // data, hole or zero
        std::uint32_t padding = 0;
        std::uint64_t start = 0; // of data: the number of its first chunk
        std::uint64_t chunks = 0;
        std::uint64_t bytes = 0;
    };
    void hold(stream::Op::Kind kind, std::uint64_t bytes);
    stream::Op file_;             // its entry
    std::vector<Piece> pieces_;
    stream::Op part_;
    stream::Checker checker_;
    stream::TreeDigest tree_;
    BlockBuilder builder_;
    stream::PathSet files_; // names that a hard link may lead to
    chunk::Digest digest_{};
};

} // namespace rs::store
