// SPDX-License-Identifier: Apache-2.0
#include "stream/manifest.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/format.hpp"

namespace rs::stream {

namespace {

// rs-stream(5), OPERATIONS. 1 to 8 are entries of that Type.
enum Tag : std::uint8_t {
    tag_data = 0x10,
    tag_hole = 0x11,
    tag_zero = 0x12,
    tag_end = 0x13,
    tag_withdraw = 0x14,
    tag_copy = 0x20,
    tag_skip = 0x21,
};

constexpr std::uint64_t flag_same_owner = 1, flag_xattrs = 2, flag_witness = 4, all_flags = 7;

enum EndFlag : std::uint8_t { end_plain = 0, end_sha256 = 1, end_sha256_unsent = 2 };

void put_stamp(Encoder& out, const Stamp& stamp) {
    out.svarint(stamp.seconds);
    out.varint(stamp.nanoseconds);
}

Stamp get_stamp(Decoder& in) {
    Stamp stamp;
    stamp.seconds = in.svarint();
    stamp.nanoseconds = static_cast<std::uint32_t>(in.varint(999'999'999, "nanoseconds"));
    return stamp;
}

// What every reader would refuse is refused here, before anything of it is sent.
void check_limits(const Entry& e) {
    const auto refuse = [&](std::string_view why) {
        fail(Exit::no_input, cat(printable(e.path), ": ", why),
             "move it away or exclude it; a stream with it could not be read");
    };
    if (const auto fault = path_fault(e.path); !fault.empty()) refuse(cat("the path ", fault));
    if (e.target.size() > (e.type == Type::symlink ? max_link_bytes : max_path_bytes))
        refuse("the link's text is longer than the limit");
    if (e.uid > UINT32_MAX || e.gid > UINT32_MAX) refuse("the number of its user or group exceeds 32 bits");
    if (e.user.size() > max_user_bytes || e.group.size() > max_user_bytes)
        refuse("the name of its user or group is longer than the limit");
    if (e.xattrs.size() > max_xattrs) refuse("more extended attributes than the limit");
    std::size_t total = 0;
    for (const Xattr& x : e.xattrs) {
        if (x.name.size() > max_xattr_name_bytes || x.value.size() > max_xattr_bytes)
            refuse("an extended attribute larger than the limit");
        total += x.name.size() + x.value.size();
    }
    if (total > max_entry_xattr_bytes) refuse("extended attributes larger than the limit");
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
    const std::size_t n = std::min(a.size(), b.size());
    std::size_t i = 0;
    while (i < n && a[i] == b[i]) ++i;
    return i;
}

} // namespace

void encode_block(Buffer& out, const ManifestBlock& block) {
    Encoder encoder(out);
    encoder.bytes(block.refs);
    encoder.raw(block.ops);
}

BlockView decode_block(ByteSpan payload, const std::string& what, std::size_t limit) {
    Decoder in(payload, what);
    BlockView view;
    view.refs = in.bytes(limit, "size of the chunk references");
    view.ops = in.rest();
    return view;
}

void ManifestWriter::entry(const Entry& e) {
    check_limits(e);
    flush_data();
    flush_merge();
    Encoder out(block_.ops);
    out.u8(static_cast<std::uint8_t>(e.type));
    const std::size_t shared = common_prefix(last_path_, e.path);
    out.varint(shared);
    out.text(std::string_view(e.path).substr(shared));
    last_path_ = e.path;
    if (e.type == Type::hardlink) {
        out.text(e.target);
        return;
    }
    const bool same = have_owner_ && e.uid == uid_ && e.gid == gid_ && e.user == user_ && e.group == group_;
    out.varint((same ? flag_same_owner : 0) | (e.xattrs.empty() ? 0 : flag_xattrs) |
               (e.witness ? flag_witness : 0));
    out.varint(e.mode);
    if (!same) {
        out.varint(e.uid);
        out.varint(e.gid);
        out.text(e.user);
        out.text(e.group);
        have_owner_ = true;
        uid_ = e.uid;
        gid_ = e.gid;
        user_ = e.user;
        group_ = e.group;
    }
    put_stamp(out, e.mtime);
    if (e.witness) {
        put_stamp(out, e.witness->ctime);
        out.varint(e.witness->inode);
    }
    if (!e.xattrs.empty()) {
        out.varint(e.xattrs.size());
        for (const Xattr& x : e.xattrs) {
            out.text(x.name);
            out.text(x.value);
        }
    }
    switch (e.type) {
    case Type::file:
        out.u8(static_cast<std::uint8_t>(e.params.method));
        out.u8(e.params.bits);
        break;
    case Type::symlink: out.text(e.target); break;
    case Type::char_device:
    case Type::block_device:
        out.varint(e.major);
        out.varint(e.minor);
        break;
    default: break;
    }
}

void ManifestWriter::flush_run() {
    if (run_.count == 0) return;
    Encoder out(block_.refs);
    const auto kind = static_cast<std::size_t>(run_.kind);
    out.varint(run_.count << 2 | kind);
    if (run_.kind == Run::Kind::named) {
        for (const chunk::ChunkId& id : run_ids_) out.raw(id.bytes);
        run_ids_.clear();
    } else {
        out.svarint(static_cast<std::int64_t>(run_.start - expected_[kind]));
        expected_[kind] = run_.start + run_.count;
    }
    run_.count = 0;
}

void ManifestWriter::data(const Run& run, std::uint64_t bytes, std::span<const chunk::ChunkId> ids) {
    RS_ASSERT(run.count > 0 && bytes >= run.count);
    const bool named = run.kind == Run::Kind::named;
    RS_ASSERT(!named || ids.size() == run.count);
    if (run_.count > 0 && run_.kind == run.kind && (named || run_.start + run_.count == run.start)) {
        run_.count += run.count;
    } else {
        flush_run();
        run_ = run;
    }
    run_ids_.insert(run_ids_.end(), ids.begin(), ids.end());
    data_bytes_ += bytes;
    data_chunks_ += run.count;
}

void ManifestWriter::flush_data() {
    flush_run();
    if (data_bytes_ == 0) return;
    Encoder out(block_.ops);
    out.u8(tag_data);
    out.varint(data_chunks_);
    out.varint(data_bytes_);
    data_bytes_ = data_chunks_ = 0;
}

void ManifestWriter::gap(Extent::Kind kind, std::uint64_t bytes) {
    RS_ASSERT(bytes > 0);
    flush_data();
    Encoder out(block_.ops);
    out.u8(kind == Extent::Kind::hole ? tag_hole : tag_zero);
    out.varint(bytes);
}

void ManifestWriter::end(const std::optional<chunk::Digest>& sha256, bool known) {
    flush_data();
    Encoder out(block_.ops);
    out.u8(tag_end);
    out.u8(sha256 ? end_sha256 : known ? end_sha256_unsent : end_plain);
    if (sha256) out.raw(*sha256);
}

void ManifestWriter::withdraw() {
    flush_data();
    Encoder(block_.ops).u8(tag_withdraw);
}

void ManifestWriter::copy(std::uint64_t entries) {
    if (skip_ > 0) flush_merge();
    copy_ += entries;
}

void ManifestWriter::skip(std::uint64_t entries) {
    if (copy_ > 0) flush_merge();
    skip_ += entries;
}

void ManifestWriter::flush_merge() {
    if (copy_ == 0 && skip_ == 0) return;
    Encoder out(block_.ops);
    out.u8(copy_ > 0 ? tag_copy : tag_skip);
    out.varint(copy_ + skip_);
    copy_ = skip_ = 0;
}

ManifestBlock ManifestWriter::take() {
    flush_data();
    flush_merge();
    ManifestBlock out = std::move(block_);
    block_ = {};
    last_path_.clear();
    have_owner_ = false;
    std::fill(std::begin(expected_), std::end(expected_), 0);
    return out;
}

ManifestReader::ManifestReader(BlockView block, const std::string& what, bool implicit_refs)
    : ops_(block.ops, what), refs_(block.refs, what), implicit_refs_(implicit_refs) {}

bool ManifestReader::next(Op& op) {
    if (ops_.empty()) {
        if (!refs_.empty() || run_.count != 0) ops_.bad("more chunk references than data");
        return false;
    }
    const std::uint8_t tag = ops_.u8();
    switch (tag) {
    case tag_data:
        op.kind = Op::Kind::data;
        op.chunks = ops_.varint();
        op.bytes = ops_.varint(max_file_bytes, "size of an extent");
        if (op.chunks == 0 || op.bytes < op.chunks) ops_.bad("a data extent of no bytes");
        if ((op.bytes - 1) / chunk::max_chunk_bytes >= op.chunks) ops_.bad("a data extent too large for its chunks");
        op.runs.clear();
        op.ids.clear();
        if (!implicit_refs_) take_runs(op.chunks, op);
        return true;
    case tag_hole:
    case tag_zero:
        op.kind = tag == tag_hole ? Op::Kind::hole : Op::Kind::zero;
        op.bytes = ops_.varint(max_file_bytes, "size of an extent");
        if (op.bytes == 0) ops_.bad("an extent of no bytes");
        return true;
    case tag_end: {
        op.kind = Op::Kind::end;
        op.sha256.reset();
        const std::uint8_t flag = ops_.u8();
        if (flag > end_sha256_unsent) ops_.bad("unknown flag at the end of a file");
        // Only a have stream may know a digest without sending it.
        if (flag == end_sha256_unsent && !implicit_refs_) ops_.bad("a file without its SHA-256");
        if (flag == end_sha256) op.sha256 = ops_.array<32>();
        op.sha256_known = flag != end_plain;
        return true;
    }
    case tag_withdraw: op.kind = Op::Kind::withdraw; return true;
    case tag_copy:
    case tag_skip:
        op.kind = tag == tag_copy ? Op::Kind::copy : Op::Kind::skip;
        op.count = ops_.varint();
        if (op.count == 0) ops_.bad("a copy of no entries");
        return true;
    default:
        if (tag < 1 || tag > 8) ops_.bad(cat("unknown operation ", tag));
        op.kind = Op::Kind::entry;
        read_entry(static_cast<Type>(tag), op.entry);
        return true;
    }
}

void ManifestReader::read_entry(Type type, Entry& e) {
    e.type = type;
    const std::uint64_t shared = ops_.varint(last_path_.size(), "shared length of a path");
    last_path_.resize(shared);
    last_path_ += ops_.text(max_path_bytes - shared, "length of a path");
    e.path = last_path_;
    e.target.clear();
    e.xattrs.clear();
    e.witness.reset();
    e.user.clear();
    e.group.clear();
    e.mode = e.major = e.minor = 0;
    e.uid = e.gid = 0;
    e.mtime = {};
    e.params = {};
    if (type == Type::hardlink) {
        e.target = ops_.text(max_path_bytes, "length of a link");
        return;
    }
    const std::uint64_t flags = ops_.varint();
    if (flags > all_flags) ops_.bad("unknown flags in an entry");
    e.mode = static_cast<std::uint32_t>(ops_.varint(07777, "mode"));
    if ((flags & flag_same_owner) != 0) {
        if (!have_owner_) ops_.bad("an entry refers to an owner before it");
    } else {
        uid_ = ops_.varint(UINT32_MAX, "user number");
        gid_ = ops_.varint(UINT32_MAX, "group number");
        user_ = ops_.text(max_user_bytes, "length of a user name");
        group_ = ops_.text(max_user_bytes, "length of a group name");
        have_owner_ = true;
    }
    e.uid = uid_;
    e.gid = gid_;
    e.user = user_;
    e.group = group_;
    e.mtime = get_stamp(ops_);
    if ((flags & flag_witness) != 0) {
        Witness w;
        w.ctime = get_stamp(ops_);
        w.inode = ops_.varint();
        e.witness = w;
    }
    if ((flags & flag_xattrs) != 0) {
        const std::uint64_t count = ops_.varint(max_xattrs, "number of extended attributes");
        if (count == 0) ops_.bad("an empty list of extended attributes");
        std::size_t total = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            Xattr x;
            x.name = ops_.text(max_xattr_name_bytes, "length of an attribute name");
            x.value = ops_.text(max_xattr_bytes, "size of an attribute");
            total += x.name.size() + x.value.size();
            if (total > max_entry_xattr_bytes) ops_.bad("extended attributes larger than the limit");
            e.xattrs.push_back(std::move(x));
        }
    }
    switch (type) {
    case Type::file: {
        const std::uint8_t method = ops_.u8();
        e.params.method = static_cast<chunk::Method>(method);
        e.params.bits = ops_.u8();
        if (!e.params.valid()) ops_.bad("unknown chunking parameters");
        break;
    }
    case Type::symlink: e.target = ops_.text(max_link_bytes, "length of a link"); break;
    case Type::char_device:
    case Type::block_device:
        e.major = static_cast<std::uint32_t>(ops_.varint(UINT32_MAX, "device number"));
        e.minor = static_cast<std::uint32_t>(ops_.varint(UINT32_MAX, "device number"));
        break;
    default: break;
    }
}

void RunReader::next(Run& run, std::vector<chunk::ChunkId>& ids) {
    const std::uint64_t head = in_.varint();
    run.kind = static_cast<Run::Kind>(head & 3);
    run.count = head >> 2;
    ids.clear();
    if (run.count == 0) in_.bad("a run of no chunks");
    if (run.kind == Run::Kind::named) {
        if (run.count > in_.remaining() / 16) in_.bad("ends too early");
        ids.resize(run.count);
        for (chunk::ChunkId& id : ids) id.bytes = in_.array<16>();
        run.start = 0;
        return;
    }
    std::uint64_t& expected = expected_[static_cast<std::size_t>(run.kind)];
    run.start = expected + static_cast<std::uint64_t>(in_.svarint());
    std::uint64_t end = 0;
    if (__builtin_add_overflow(run.start, run.count, &end) || end > max_file_bytes)
        in_.bad("a chunk number out of range");
    expected = end;
}

void read_runs(ByteSpan refs, const std::string& what,
               const std::function<void(const Run&, std::span<const chunk::ChunkId>)>& f) {
    RunReader reader(refs, what);
    Run run;
    std::vector<chunk::ChunkId> ids;
    while (!reader.empty()) {
        reader.next(run, ids);
        f(run, ids);
    }
}

void ManifestReader::take_runs(std::uint64_t chunks, Op& op) {
    while (chunks > 0) {
        if (run_.count == 0) refs_.next(run_, run_ids_);
        Run part = run_;
        part.count = std::min(run_.count, chunks);
        if (run_.kind == Run::Kind::named) {
            const auto from = run_ids_.begin() + static_cast<std::ptrdiff_t>(run_.start);
            part.start = op.ids.size();
            op.ids.insert(op.ids.end(), from, from + static_cast<std::ptrdiff_t>(part.count));
        }
        op.runs.push_back(part);
        run_.start += part.count;
        run_.count -= part.count;
        chunks -= part.count;
    }
}

} // namespace rs::stream
