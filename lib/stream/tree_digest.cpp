// SPDX-License-Identifier: Apache-2.0
#include "stream/tree_digest.hpp"

#include "base/error.hpp"

namespace rs::stream {

void TreeDigest::flush_extent() {
    if (last_.bytes == 0) return;
    scratch_.clear();
    Encoder out(scratch_);
    out.u8(static_cast<std::uint8_t>(0x10 + static_cast<int>(last_.kind)));
    out.varint(last_.bytes);
    hash_.update(scratch_);
    last_ = {};
}

void TreeDigest::chunk(const chunk::ChunkId& id, std::uint64_t length) {
    scratch_.clear();
    Encoder out(scratch_);
    out.varint(length);
    out.raw(id.bytes);
    chunks_.update(scratch_);
}

void TreeDigest::feed(const Op& op) {
    const auto extent = [&](Extent::Kind kind) {
        if (last_.kind != kind) flush_extent();
        last_.kind = kind;
        last_.bytes += op.bytes;
    };
    switch (op.kind) {
    case Op::Kind::data: extent(Extent::Kind::data); return;
    case Op::Kind::hole: extent(Extent::Kind::hole); return;
    case Op::Kind::zero: extent(Extent::Kind::zero); return;
    case Op::Kind::end: {
        flush_extent();
        scratch_.clear();
        Encoder out(scratch_);
        const chunk::Digest by_chunks = chunks_.finish();
        out.u8(op.sha256 ? 0x21 : 0x20);
        out.raw(op.sha256 ? *op.sha256 : by_chunks);
        hash_.update(scratch_);
        return;
    }
    case Op::Kind::withdraw:
    case Op::Kind::copy:
    case Op::Kind::skip: RS_ASSERT(false); // of the wire only
    case Op::Kind::entry: break;
    }
    const Entry& e = op.entry;
    scratch_.clear();
    Encoder out(scratch_);
    out.u8(static_cast<std::uint8_t>(e.type));
    out.text(e.path);
    if (e.type == Type::hardlink) {
        out.text(e.target);
        hash_.update(scratch_);
        return;
    }
    out.varint(e.mode);
    out.varint(e.uid);
    out.varint(e.gid);
    out.text(e.user);
    out.text(e.group);
    out.svarint(e.mtime.seconds);
    out.varint(e.mtime.nanoseconds);
    out.varint(e.xattrs.size());
    for (const Xattr& x : e.xattrs) {
        out.text(x.name);
        out.text(x.value);
    }
    if (e.type == Type::symlink) out.text(e.target);
    if (e.type == Type::char_device || e.type == Type::block_device) {
        out.varint(e.major);
        out.varint(e.minor);
    }
    hash_.update(scratch_);
}

} // namespace rs::stream
