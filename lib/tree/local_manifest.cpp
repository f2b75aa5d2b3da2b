// SPDX-License-Identifier: Apache-2.0
#include "tree/local_manifest.hpp"

#include <fcntl.h>

#include "base/error.hpp"
#include "io/sys.hpp"
#include "stream/format.hpp"

namespace rs::tree {

namespace {

constexpr std::size_t spill_bytes = 256 << 10;

io::Fd temporary(const io::Dir& dir) {
    const std::string name = io::random_name(".tmp-");
    io::Fd fd(io::sys::openat(dir.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
    if (!fd) fail_errno(Exit::cant_create, dir.name_of(name), "create");
    io::unlink_at(dir, name);
    return fd;
}

// Reads a temporary file back from its start.
class Rewound {
public:
    explicit Rewound(int fd) : fd_(fd) {}
    [[nodiscard]] Buffer take(std::size_t size) {
        Buffer out(size);
        io::pread_exact(fd_, out, at_, "temporary file");
        at_ += size;
        return out;
    }

private:
    int fd_;
    std::uint64_t at_ = 0;
};

} // namespace

LocalManifestWriter::LocalManifestWriter(const io::Dir& dir)
    : dir_(dir), table_(temporary(dir)), blocks_(temporary(dir)), name_(io::random_name("manifest-")) {}

LocalManifestWriter::~LocalManifestWriter() = default;

void LocalManifestWriter::chunk(const chunk::ChunkId& id, std::uint32_t length) {
    Encoder out(table_buffer_);
    out.u32(length);
    out.raw(id.bytes);
    ++chunks_;
    if (table_buffer_.size() < spill_bytes) return;
    io::write_all(table_.get(), table_buffer_, "temporary file");
    table_buffer_.clear();
}

void LocalManifestWriter::op(const stream::Op& op) {
    using Kind = stream::Op::Kind;
    if (manifest_.size() >= stream::manifest_target_bytes) flush_block();
    switch (op.kind) {
    case Kind::entry: manifest_.entry(op.entry); return;
    case Kind::data: manifest_.data({stream::Run::Kind::stored, 0, op.chunks}, op.bytes); return;
    case Kind::hole: manifest_.hole(op.bytes); return;
    case Kind::zero: manifest_.zero(op.bytes); return;
    case Kind::end: manifest_.end(op.sha256); return;
    case Kind::withdraw:
    case Kind::copy:
    case Kind::skip: RS_ASSERT(false); // resolved before they come here
    }
}

void LocalManifestWriter::flush_block() {
    if (manifest_.empty()) return;
    stream::ManifestBlock block = manifest_.take();
    block.refs.clear(); // the table says it
    const Buffer packed = stream::pack_block(block);
    Encoder(block_buffer_).u32(static_cast<std::uint32_t>(packed.size()));
    append(block_buffer_, packed);
    io::write_all(blocks_.get(), block_buffer_, "temporary file");
    block_buffer_.clear();
}

std::string LocalManifestWriter::finish(const stream::Header& dump, const chunk::Digest& digest) {
    flush_block();
    io::write_all(table_.get(), table_buffer_, "temporary file");
    const std::string path = dir_.name_of(name_);
    const io::Fd fd(io::sys::openat(dir_.get(), name_.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600));
    if (!fd) fail_errno(Exit::cant_create, path, "create");
    io::FdSink sink(fd.get(), path);
    stream::Header header = dump;
    header.purpose = stream::Purpose::have;
    header.parent = stream::Parent{dump.generation, digest};
    header.expected_bytes = 0;
    stream::HaveWriter writer(sink, header, true);
    Rewound table(table_.get());
    for (std::uint64_t i = 0; i < chunks_; ++i) {
        const Buffer row = table.take(20);
        Decoder in(row, "temporary file");
        const std::uint32_t length = in.u32();
        writer.chunk({in.array<16>()}, length);
    }
    Rewound blocks(blocks_.get());
    const struct stat st = io::stat_fd(blocks_.get(), "temporary file");
    for (std::uint64_t at = 0; at < static_cast<std::uint64_t>(st.st_size);) {
        const Buffer size = blocks.take(4);
        const std::uint32_t n = Decoder(size, "temporary file").u32();
        writer.block(blocks.take(n));
        at += 4 + std::uint64_t{n};
    }
    writer.finish();
    sink.flush();
    io::sync_fd(fd.get(), path);
    return name_;
}

LocalManifest::LocalManifest(io::Fd fd, std::string path)
    : fd_(std::move(fd)), source_(fd_.get(), std::move(path)), reader_(source_) {}

} // namespace rs::tree
