// SPDX-License-Identifier: Apache-2.0
#include "tree/local_manifest.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/error.hpp"
#include "io/sys.hpp"
#include "stream/format.hpp"

namespace rs::tree {

namespace {

constexpr std::size_t spill_bytes = 256 << 10;
constexpr std::size_t read_bytes = 64 << 10;

io::Fd temporary(const io::Dir& dir) {
    const std::string name = io::random_name(".tmp-");
    io::Fd fd(io::sys::openat(dir.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
    if (!fd) fail_errno(Exit::cant_create, dir.name_of(name), "create");
    io::unlink_at(dir, name);
    return fd;
}

// Reads a temporary file back from its start, in pieces of read_bytes.
class Rewound {
public:
    explicit Rewound(int fd) : fd_(fd), left_(static_cast<std::uint64_t>(io::stat_fd(fd, "temporary file").st_size)) {}
    [[nodiscard]] bool at_end() const { return left_ == 0 && used_ == buffer_.size(); }
    // The next bytes; valid until the next call.
    [[nodiscard]] ByteSpan take(std::size_t size) {
        if (buffer_.size() - used_ < size) fill(size);
        const ByteSpan out = ByteSpan(buffer_).subspan(used_, size);
        used_ += size;
        return out;
    }

private:
    void fill(std::size_t size) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
        used_ = 0;
        const std::size_t kept = buffer_.size();
        const std::size_t more = std::max<std::size_t>(size - kept, std::min<std::uint64_t>(left_, read_bytes));
        buffer_.resize(kept + more);
        io::pread_exact(fd_, MutableSpan(buffer_).subspan(kept), at_, "temporary file");
        at_ += more;
        left_ -= more;
    }

    int fd_;
    std::uint64_t at_ = 0, left_;
    Buffer buffer_;
    std::size_t used_ = 0;
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
        Decoder in(table.take(20), "temporary file");
        const std::uint32_t length = in.u32();
        writer.chunk({in.array<16>()}, length);
    }
    Rewound blocks(blocks_.get());
    while (!blocks.at_end()) {
        const std::uint32_t n = Decoder(blocks.take(4), "temporary file").u32();
        writer.block(blocks.take(n));
    }
    writer.finish();
    sink.flush();
    io::sync_fd(fd.get(), path);
    return name_;
}

LocalManifest::LocalManifest(io::Fd fd, std::string path)
    : fd_(std::move(fd)), source_(fd_.get(), std::move(path)), reader_(source_) {}

} // namespace rs::tree
