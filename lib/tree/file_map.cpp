// SPDX-License-Identifier: Apache-2.0
#include "tree/file_map.hpp"

#include <algorithm>

#include "base/codec.hpp"
#include "base/error.hpp"

namespace rs::tree {

namespace {
// Larger groups take less memory, and longer to look through (a microsecond or two for this many).
constexpr std::size_t group_files = 64;
} // namespace

void FileMap::add(const File& file) {
    RS_ASSERT(file.first >= end_ && file.end > file.first);
    if (groups_.empty() || in_last_ == group_files) {
        groups_.push_back({file.first, packed_.size()});
        in_last_ = 0;
        end_ = file.first;
        last_path_.clear();
    }
    const auto differs = std::mismatch(last_path_.begin(), last_path_.end(), file.path.begin(), file.path.end()).first;
    const auto shared = static_cast<std::size_t>(differs - last_path_.begin());
    Encoder out(packed_);
    out.varint(file.first - end_);
    out.varint(file.end - file.first);
    out.varint(shared);
    out.text(std::string_view(file.path).substr(shared));
    out.varint(file.gaps.size());
    for (const auto& [chunk, bytes] : file.gaps) {
        out.varint(chunk - file.first);
        out.varint(bytes);
    }
    ++in_last_;
    end_ = file.end;
    last_path_ = file.path;
}

const FileMap::File* FileMap::find(std::uint64_t chunk) {
    if (chunk >= found_.first && chunk < found_.end) return &found_;
    auto group = std::upper_bound(groups_.begin(), groups_.end(), chunk,
                                  [](std::uint64_t c, const Group& g) { return c < g.first; });
    const std::size_t stop = group == groups_.end() ? packed_.size() : group->offset;
    if (group == groups_.begin()) return nullptr;
    --group;
    Decoder in(ByteSpan(packed_).subspan(group->offset, stop - group->offset), "files");
    found_.end = group->first;
    found_.path.clear();
    while (!in.empty()) {
        found_.first = found_.end + in.varint();
        found_.end = found_.first + in.varint();
        found_.path.resize(in.varint());
        found_.path += in.text(in.remaining(), "path");
        found_.gaps.resize(in.varint());
        for (auto& [before, bytes] : found_.gaps) {
            before = found_.first + in.varint();
            bytes = in.varint();
        }
        if (chunk < found_.end) break;
    }
    if (chunk >= found_.first && chunk < found_.end) return &found_;
    return nullptr;
}

} // namespace rs::tree
