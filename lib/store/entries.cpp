// SPDX-License-Identifier: Apache-2.0
#include "store/entries.hpp"

#include "base/error.hpp"

namespace rs::store {

bool EntryReader::next(EntryView& out) {
    if (!reader_.next(op_)) return false;
    if (op_.kind != stream::Op::Kind::entry) fail(Exit::data, "a manifest block: content outside a file");
    out.entry = op_.entry;
    out.extents.clear();
    out.runs.clear();
    out.bytes = 0;
    out.sha256.reset();
    if (out.entry.type != stream::Type::file) return true;
    for (;;) {
        if (!reader_.next(op_)) fail(Exit::data, "a manifest block: ends inside a file");
        if (op_.kind == stream::Op::Kind::end) break;
        const bool data = op_.kind == stream::Op::Kind::data;
        if (!data && op_.kind != stream::Op::Kind::hole && op_.kind != stream::Op::Kind::zero)
            fail(Exit::data, "a manifest block: a file does not end");
        const auto kind = data                                     ? stream::Extent::Kind::data
                          : op_.kind == stream::Op::Kind::hole ? stream::Extent::Kind::hole
                                                               : stream::Extent::Kind::zero;
        if (!out.extents.empty() && out.extents.back().kind == kind) {
            out.extents.back().bytes += op_.bytes;
            out.extents.back().chunks += data ? op_.chunks : 0;
        } else {
            out.extents.push_back({kind, op_.bytes, data ? op_.chunks : 0});
        }
        out.bytes += op_.bytes;
        if (data) out.runs.insert(out.runs.end(), op_.runs.begin(), op_.runs.end());
    }
    out.sha256 = op_.sha256;
    return true;
}

bool same_content(const EntryView& a, const EntryView& b) {
    if (a.bytes != b.bytes) return false;
    if (a.sha256 && b.sha256) return *a.sha256 == *b.sha256;
    // Numbers are unique to an id but for chunks that were healed; a difference there is only apparent.
    return a.extents == b.extents && a.runs == b.runs;
}

} // namespace rs::store
