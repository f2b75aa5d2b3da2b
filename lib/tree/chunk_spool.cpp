// SPDX-License-Identifier: Apache-2.0
#include "tree/chunk_spool.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/sys.hpp"

namespace rs::tree {

namespace {
// A writer seals a manifest block at the latest after four segments (stream/format.hpp), so what a block refers to
// for the first time is in memory.
constexpr std::size_t kept_segments = 8;
} // namespace

ChunkSpool::ChunkSpool(const io::Dir& dir, const chunk::Hasher& hasher)
    : hasher_(hasher), path_(dir.name_of("(temporary file)")), kept_(kept_segments) {
    file_ = io::Fd(io::sys::openat(dir.get(), ".", O_RDWR | O_TMPFILE, 0600));
    if (file_) return;
    // A file system without nameless files: give it a name for a moment.
    const std::string name = io::random_name(".tmp-");
    file_ = io::Fd(io::sys::openat(dir.get(), name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600));
    if (!file_) fail_errno(Exit::cant_create, path_, "create");
    io::unlink_at(dir, name);
}

ChunkSpool::~ChunkSpool() {
    if (!worker_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    added_.notify_one();
    worker_.join();
}

void ChunkSpool::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        added_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        const Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        std::exception_ptr error;
        try {
            unpack(job);
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        job.kept->error = error;
        job.kept->ready = true;
        done_.notify_one();
    }
}

void ChunkSpool::unpack(const Job& job) {
    Buffer& raw = job.kept->raw;
    raw.resize(job.head.raw_bytes);
    worker_decompressor_.decompress(job.frame, raw, job.what);
    std::size_t at = 0;
    for (std::size_t i = 0; i < job.ids.size(); ++i) {
        const ByteSpan bytes = ByteSpan(raw).subspan(at, job.head.lengths[i]);
        at += bytes.size();
        if (hasher_.id(bytes) != job.ids[i])
            fail(Exit::data, cat(job.what, ": chunk ", i, " does not have its id: damaged on its way"));
    }
}

void ChunkSpool::await(Kept& kept) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return kept.ready; });
    if (kept.error) std::rethrow_exception(kept.error);
}

void ChunkSpool::finish() {
    for (Kept& kept : kept_) await(kept);
}

// The one that was used least lately. It is waited for, so that no error is forgotten with it.
ChunkSpool::Kept& ChunkSpool::slot() {
    Kept& oldest =
        *std::min_element(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) { return a.used < b.used; });
    await(oldest);
    return oldest;
}

void ChunkSpool::index(Kept& kept, std::size_t segment) {
    const std::uint64_t first = segments_[segment].first;
    const std::uint64_t end = segment + 1 < segments_.size() ? segments_[segment + 1].first : ids_.size();
    kept.offsets.clear();
    std::uint32_t at = 0;
    for (std::uint64_t i = first; i < end; ++i) {
        kept.offsets.push_back(at);
        at += lengths_[i];
    }
    kept.segment = segment;
    kept.used = ++clock_;
}

void ChunkSpool::add(const stream::SegmentView& view, const std::string& what) {
    Job job;
    job.kept = &slot();
    job.kept->segment = SIZE_MAX;
    segments_.push_back({ids_.size(), end_, static_cast<std::uint32_t>(view.frame.size()),
                         static_cast<std::uint32_t>(view.head.raw_bytes)});
    job.head = view.head;
    job.ids.reserve(view.head.lengths.size());
    for (std::size_t i = 0; i < view.head.lengths.size(); ++i) job.ids.push_back(view.id(i));
    ids_.insert(ids_.end(), job.ids.begin(), job.ids.end());
    lengths_.insert(lengths_.end(), view.head.lengths.begin(), view.head.lengths.end());
    job.frame.assign(view.frame.begin(), view.frame.end());
    job.what = what;
    index(*job.kept, segments_.size() - 1);
    if (!worker_.joinable()) worker_ = std::thread([this] { work(); });
    {
        const std::lock_guard lock(mutex_);
        job.kept->ready = false;
        jobs_.push_back(std::move(job));
    }
    added_.notify_one();
    io::write_all(file_.get(), view.frame, path_);
    end_ += view.frame.size();
}

ChunkSpool::Kept& ChunkSpool::load(std::size_t segment) {
    for (Kept& k : kept_)
        if (k.segment == segment) {
            await(k);
            k.used = ++clock_;
            return k;
        }
    const Segment& s = segments_[segment];
    Kept& kept = slot();
    kept.segment = SIZE_MAX;
    frame_.resize(s.frame_bytes);
    io::pread_exact(file_.get(), frame_, s.offset, path_);
    kept.raw.resize(s.raw_bytes);
    decompressor_.decompress(frame_, kept.raw, path_);
    index(kept, segment);
    return kept;
}

ByteSpan ChunkSpool::read_run(std::uint64_t number, std::uint64_t count, std::uint64_t& n) {
    RS_ASSERT(number < ids_.size());
    const auto after = std::upper_bound(segments_.begin(), segments_.end(), number,
                                        [](std::uint64_t x, const Segment& s) { return x < s.first; });
    const auto segment = static_cast<std::size_t>(after - segments_.begin() - 1);
    const Kept& kept = load(segment);
    const std::size_t in = number - segments_[segment].first;
    n = std::min<std::uint64_t>(count, kept.offsets.size() - in);
    const std::size_t from = kept.offsets[in];
    const std::size_t last = in + n - 1;
    const std::size_t to = kept.offsets[last] + lengths_[number + n - 1];
    return ByteSpan(kept.raw).subspan(from, to - from);
}

} // namespace rs::tree
