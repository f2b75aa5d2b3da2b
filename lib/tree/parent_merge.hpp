// SPDX-License-Identifier: Apache-2.0
// The entries of the have stream beside our own walk: both are sorted, so one pass tells for each of ours what
// the other side has of the same path.
#pragma once

#include "stream/have.hpp"
#include "stream/writer.hpp"

namespace rs::tree {

class ParentMerge {
public:
    // have null: there is no parent, and nothing is ever found.
    ParentMerge(stream::HaveReader* have, stream::StreamWriter& writer) : have_(have), writer_(writer) {}

    // What the other side has of this path, or null. Paths must ascend. Valid until the next call.
    // Exactly one of copy() and replace() follows.
    const stream::HaveEntry* advance(std::string_view path);
    void copy();    // it stays as it is
    void replace(); // it goes, if it was there; an entry for the path follows
    // The rest of theirs goes.
    void finish();

    // The other side still has every chunk of that file.
    [[nodiscard]] bool none_lost(const stream::HaveEntry& entry) const;

private:
    void read();

    stream::HaveReader* have_;
    stream::StreamWriter& writer_;
    stream::HaveEntry entry_;
    bool started_ = false;
    bool valid_ = false;   // entry_ holds an entry
    bool matched_ = false; // and it is the one of the path that advance() was called for
};

} // namespace rs::tree
