// SPDX-License-Identifier: Apache-2.0
#include "tree/chunk_spool.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"

namespace rs::tree {

namespace {
// A writer seals a manifest block at the latest after four segments (stream/format.hpp), so what a block refers to
// for the first time is in memory, and some of what older generations contribute, too.
constexpr std::size_t kept_segments = 16;
// One is not enough: it decompresses 0.9 GB/s where SHA-256 and the writing of files take 1.3.
constexpr unsigned max_workers = 4;

io::Fd temporary_file(const io::Dir& dir, const std::string& path) {
    io::Fd file(io::sys::openat(dir.get(), ".", O_RDWR | O_TMPFILE, 0600));
    if (file) return file;
    // A file system without nameless files: give it a name for a moment.
    const std::string name = io::random_name(".tmp-");
    file = io::Fd(io::sys::openat(dir.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
    if (!file) fail_errno(Exit::cant_create, path, "create");
    io::unlink_at(dir, name);
    return file;
}
} // namespace

ChunkSpool::ChunkSpool(const io::Dir& dir, const chunk::Hasher& hasher)
    : hasher_(hasher),
      dir_(dir),
      path_(dir.name_of("(temporary file)")),
      frames_(temporary_file(dir, path_)),
      kept_(kept_segments),
      workers_(worker_count(max_workers)) {
    decompressors_.resize(workers_.count());
}

void ChunkSpool::verify(ByteSpan raw, const chunk::SegmentHead& head, const std::vector<chunk::ChunkId>& ids,
                        const std::string& what) const {
    std::size_t at = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const ByteSpan bytes = raw.subspan(at, head.lengths[i]);
        at += bytes.size();
        if (hasher_.id(bytes) != ids[i])
            fail(Exit::data, cat(what, ": chunk ", i, " does not have its id: damaged on its way"));
    }
}

void ChunkSpool::await(Kept& kept) {
    if (kept.ready.valid()) kept.ready.get();
}

void ChunkSpool::finish() {
    for (Kept& kept : kept_) await(kept);
}

// The one that was used least lately. It is waited for, so that no error is forgotten with it.
ChunkSpool::Kept& ChunkSpool::slot() {
    Kept& oldest =
        *std::min_element(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
    await(oldest);
    oldest.segment = SIZE_MAX;
    return oldest;
}

std::uint64_t ChunkSpool::end_of(std::size_t segment) const {
    return segment + 1 < segments_.size() ? segments_[segment + 1].first : ids_.size();
}

void ChunkSpool::add(const stream::SegmentView& view, const std::string& what) {
    Kept& kept = slot();
    segments_.push_back({ids_.size(), end_, static_cast<std::uint32_t>(view.frame.size()), false});
    std::vector<chunk::ChunkId> ids;
    ids.reserve(view.head.lengths.size());
    for (std::size_t i = 0; i < view.head.lengths.size(); ++i) {
        ids.push_back(view.id(i));
        starts_.push_back(starts_.back() + view.head.lengths[i]);
    }
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    kept.ready = workers_.submit([this, &memory = kept.memory, head = view.head, ids = std::move(ids),
                                  frame = Buffer(view.frame.begin(), view.frame.end()), what](unsigned thread) {
        const MutableSpan raw = room(memory, head.raw_bytes);
        decompressors_[thread].decompress(frame, raw, what);
        verify(raw, head, ids, what);
    });
    kept.segment = segments_.size() - 1;
    kept.used = ++clock_;
    io::write_all(frames_.get(), view.frame, path_);
    end_ += view.frame.size();
}

const ChunkSpool::Kept* ChunkSpool::load(std::size_t segment) {
    for (Kept& k : kept_)
        if (k.segment == segment) {
            await(k);
            k.used = ++clock_;
            return &k;
        }
    Segment& s = segments_[segment];
    if (s.unpacked) return nullptr;
    Kept& kept = slot();
    const std::uint64_t start = starts_[s.first];
    const MutableSpan frame = room(buffer_, s.frame_bytes);
    io::pread_exact(frames_.get(), frame, s.offset, path_);
    const MutableSpan raw = room(kept.memory, starts_[end_of(segment)] - start);
    decompressor_.decompress(frame, raw, path_);
    kept.segment = segment;
    kept.used = ++clock_;
    if (!raw_) raw_ = temporary_file(dir_, path_);
    io::pwrite_all(raw_.get(), raw, start, path_);
    s.unpacked = true;
    return &kept;
}

ByteSpan ChunkSpool::read_run(std::uint64_t number, std::uint64_t count, std::uint64_t& n) {
    RS_ASSERT(number < ids_.size());
    const auto after = std::upper_bound(segments_.begin(), segments_.end(), number,
                                        [](std::uint64_t x, const Segment& s) { return x < s.first; });
    const auto segment = static_cast<std::size_t>(after - segments_.begin() - 1);
    n = std::min(count, end_of(segment) - number);
    const std::uint64_t bytes = starts_[number + n] - starts_[number];
    if (const Kept* const kept = load(segment))
        return ByteSpan(kept->memory).subspan(starts_[number] - starts_[segments_[segment].first], bytes);
    const MutableSpan out = room(buffer_, bytes);
    io::pread_exact(raw_.get(), out, starts_[number], path_);
    return out;
}

} // namespace rs::tree
