// SPDX-License-Identifier: Apache-2.0
#include "tree/parent_merge.hpp"

#include <algorithm>

namespace rs::tree {

void ParentMerge::read() {
    valid_ = have_ != nullptr && have_->next(entry_);
    started_ = true;
}

const stream::HaveEntry* ParentMerge::advance(std::string_view path) {
    if (!started_ || matched_) read();
    matched_ = false;
    while (valid_) {
        const int order = stream::compare_paths(entry_.entry.path, path);
        if (order > 0) break;
        if (order == 0) {
            matched_ = true;
            return &entry_;
        }
        writer_.skip(1);
        read();
    }
    return nullptr;
}

void ParentMerge::copy() { writer_.copy(1); }

void ParentMerge::replace() {
    if (matched_) writer_.skip(1);
}

void ParentMerge::finish() {
    if (!started_ || matched_) read();
    for (; valid_; read()) writer_.skip(1);
}

bool ParentMerge::none_lost(const stream::HaveEntry& entry) const {
    const auto& lengths = have_->table().lengths;
    const auto first = lengths.begin() + static_cast<std::ptrdiff_t>(entry.first_chunk);
    return std::find(first, first + static_cast<std::ptrdiff_t>(entry.chunks), 0U) ==
           first + static_cast<std::ptrdiff_t>(entry.chunks);
}

} // namespace rs::tree
