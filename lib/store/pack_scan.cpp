// SPDX-License-Identifier: Apache-2.0
#include "store/pack_scan.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/codec.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "chunk/segment.hpp"
#include "io/file.hpp"
#include "io/sys.hpp"

namespace rs::store {

namespace {

class Scan {
public:
    Scan(int fd, const std::string& path, std::uint64_t serial, const PackIndex* known, const chunk::Hasher& hasher,
         Monitor& monitor)
        : fd_(fd), path_(path), known_(known), hasher_(hasher), monitor_(monitor) {
        out_.content.serial = serial;
        size_ = static_cast<std::uint64_t>(io::stat_fd(fd, path).st_size);
        out_.content.pack_bytes = size_;
    }

    PackScan run() {
        check_header();
        if (known_ != nullptr)
            scan_known();
        else
            scan_blind();
        return std::move(out_);
    }

private:
    void fault(std::uint64_t at, std::string_view why) {
        out_.faults.push_back(cat("byte ", at, ": ", why));
    }

    // False: fewer bytes are there.
    bool read(std::uint64_t at, std::size_t size, Buffer& into) {
        into.resize(size);
        std::size_t n = 0;
        try {
            n = io::pread_full(fd_, into, at, path_);
        } catch (const Error& e) {
            // A disk that cannot read one place may read others.
            if (e.code() != Exit::io) throw;
            fault(at, e.what());
        }
        out_.read_bytes += n;
        monitor_.progress(out_.read_bytes, 0);
        return n == size;
    }

    void check_header() {
        Buffer head;
        const ByteSpan magic = std::as_bytes(std::span(pack_magic));
        if (!read(0, pack_header_bytes, head) || !equal(ByteSpan(head).first(8), magic)) {
            fault(0, "not a pack of this version");
            out_.frame_damaged = true;
            return;
        }
        Decoder in(ByteSpan(head).subspan(8), path_);
        if (in.u64() == out_.content.serial) return;
        fault(8, "the pack of another serial number");
        out_.frame_damaged = true;
    }

    // The segments are where the index says; each is looked at on its own.
    void scan_known() {
        out_.content = known_->content();
        const std::uint64_t want = out_.content.pack_bytes;
        if (size_ != want) {
            fault(size_, cat("the pack has ", size_, " bytes, its index says ", want));
            out_.frame_damaged = accounts_for_all(*known_);
        }
        out_.content.lost.resize(known_->chunks());
        for (std::size_t i = 0; i < out_.content.segments.size(); ++i) {
            SegmentPlace& place = out_.content.segments[i];
            const std::uint32_t first = place.first_position;
            const std::uint32_t end = known_->segment_end(static_cast<std::uint32_t>(i));
            const auto lose = [&](std::string_view why) {
                const auto from = out_.content.lost.begin() + first, to = out_.content.lost.begin() + end;
                if (std::find(from, to, false) != to) fault(place.offset, cat("segment: ", why));
                place.damaged = true;
                std::fill(from, to, true);
            };
            if (!read(place.offset, place.stored_bytes(), raw_)) {
                lose("truncated");
                continue;
            }
            const ByteSpan all = raw_;
            Decoder front(all, path_);
            const std::uint32_t head_bytes = front.u32(), frame_bytes = front.u32();
            const std::uint64_t sum = front.u64();
            const bool intact = head_bytes == place.head_bytes && frame_bytes == place.frame_bytes &&
                                chunk::checksum(front.rest()) == sum && front.rest()[0] == std::byte{static_cast<std::uint8_t>(place.kind)};
            // The lengths that count are those of the index; the head only repeats them.
            std::uint64_t bytes = 0;
            for (std::uint32_t p = first; p < end; ++p) bytes += out_.content.lengths[p];
            if (bytes > chunk::max_segment_bytes) {
                lose("larger than its limit");
                continue;
            }
            decompressed_.resize(bytes);
            try {
                decompressor_.decompress(all.subspan(segment_header_bytes + place.head_bytes), decompressed_, "frame");
            } catch (const Error& e) {
                lose(e.what());
                continue;
            }
            if (!intact && !place.damaged) fault(place.offset, "segment: checksum mismatch");
            if (!intact) place.damaged = true;
            verify(first, end, place);
        }
        check_end();
    }

    void verify(std::uint32_t first, std::uint32_t end, SegmentPlace& place) {
        std::size_t at = 0;
        for (std::uint32_t p = first; p < end; ++p) {
            const ByteSpan bytes = ByteSpan(decompressed_).subspan(at, out_.content.lengths[p]);
            at += bytes.size();
            if (hasher_.id(bytes) == out_.content.ids[p]) {
                ++out_.verified_chunks;
                out_.content.lost[p] = false;
                continue;
            }
            if (out_.content.lost[p]) continue;
            fault(place.offset, cat("segment: chunk ", p, " does not have its id"));
            out_.content.lost[p] = true;
            place.damaged = true;
        }
    }

    // The run table at the end only matters when the index is lost; still it must be right.
    void check_end() {
        std::uint64_t at = pack_header_bytes;
        if (!out_.content.segments.empty()) {
            const SegmentPlace& last = out_.content.segments.back();
            at = last.offset + last.stored_bytes();
        }
        std::vector<NumberRun> runs;
        if (read_end(at, runs) && runs == out_.content.runs) return;
        fault(at, "the table at the end does not match the index");
        // An index that was made anew from a pack with an unreadable segment leaves bytes that it knows nothing of.
        out_.frame_damaged = accounts_for_all(*known_);
        if (!accounts_for_all(*known_)) fault(at, "what follows was never read; it stays as it is");
    }

    bool read_end(std::uint64_t at, std::vector<NumberRun>& runs) {
        Buffer head;
        if (at + 16 > size_ || !read(at, 16, head)) return false;
        Decoder in(head, path_);
        if (in.u32() != pack_end_mark) return false;
        const std::uint32_t bytes = in.u32();
        const std::uint64_t sum = in.u64();
        if (at + 16 + bytes != size_ || !read(at + 16, bytes, head) || chunk::checksum(head) != sum) return false;
        try {
            Decoder table(head, path_);
            const std::uint64_t count = table.varint(bytes, "number of runs");
            for (std::uint64_t i = 0; i < count; ++i) {
                NumberRun r;
                r.number = table.varint();
                r.position = static_cast<std::uint32_t>(table.varint(max_positions, "position"));
                r.count = static_cast<std::uint32_t>(table.varint(max_positions, "count"));
                runs.push_back(r);
            }
            table.finish();
        } catch (const Error&) {
            return false;
        }
        return true;
    }

    // Without an index the segments are found one behind the other.
    void scan_blind() {
        std::uint64_t at = pack_header_bytes;
        IndexContent& c = out_.content;
        Buffer front;
        bool walked = false; // up to the end
        while (at + segment_header_bytes <= size_ && read(at, segment_header_bytes, front)) {
            Decoder in(front, path_);
            const std::uint32_t head_bytes = in.u32();
            walked = head_bytes == pack_end_mark;
            if (walked) break;
            SegmentPlace place;
            place.offset = at;
            place.head_bytes = head_bytes;
            place.frame_bytes = in.u32();
            const std::uint64_t sum = in.u64();
            const std::uint8_t kind = in.u8();
            if (place.stored_bytes() > size_ - at || kind > 1) break;
            place.kind = static_cast<SegmentKind>(kind);
            place.first_position = static_cast<std::uint32_t>(c.ids.size());
            if (!read(at + segment_header_bytes - 1, place.stored_bytes() - segment_header_bytes + 1, raw_)) break;
            chunk::SegmentHead head;
            try {
                Decoder meta(ByteSpan(raw_).subspan(1, head_bytes), path_);
                head = chunk::decode_head(meta);
                meta.finish();
            } catch (const Error&) {
                fault(at, "segment: its head cannot be read; it and all behind it are lost");
                break;
            }
            decompressed_.resize(head.raw_bytes);
            bool good = chunk::checksum(raw_) == sum;
            if (good) try {
                    decompressor_.decompress(ByteSpan(raw_).subspan(1 + std::size_t{head_bytes}), decompressed_, "frame");
                } catch (const Error&) {
                    good = false;
                }
            if (!good) fault(at, "segment: checksum mismatch; without an index its chunks cannot be told apart");
            std::size_t offset = 0;
            for (const std::uint32_t length : head.lengths) {
                c.ids.push_back(good ? hasher_.id(ByteSpan(decompressed_).subspan(offset, length)) : chunk::ChunkId{});
                c.lengths.push_back(length);
                c.lost.push_back(!good);
                if (good) ++out_.verified_chunks;
                offset += length;
            }
            place.damaged = !good;
            c.segments.push_back(place);
            at += place.stored_bytes();
        }
        if (!read_end(at, c.runs) || !runs_fit()) {
            fault(at, "the end of the pack is missing or damaged");
            out_.frame_damaged = true;
            c.runs.clear();
            if (!c.ids.empty()) c.runs.push_back({chunk_number(c.serial, 0), 0, static_cast<std::uint32_t>(c.ids.size())});
        }
        // Behind a segment whose header is unreadable others may follow: they are left for better days.
        if (!walked && at + segment_header_bytes <= size_) out_.frame_damaged = false;
    }

    [[nodiscard]] bool runs_fit() const {
        const auto& runs = out_.content.runs;
        for (std::size_t i = 0; i < runs.size(); ++i) {
            if (runs[i].count == 0 || runs[i].position > out_.content.ids.size() ||
                runs[i].count > out_.content.ids.size() - runs[i].position)
                return false;
            if (i > 0 && runs[i].number < runs[i - 1].number + runs[i - 1].count) return false;
        }
        return true;
    }

    int fd_;
    const std::string& path_;
    const PackIndex* known_;
    const chunk::Hasher& hasher_;
    Monitor& monitor_;
    std::uint64_t size_ = 0;
    chunk::Decompressor decompressor_;
    Buffer raw_, decompressed_;
    PackScan out_;
};

} // namespace

void mend_pack(const io::Dir& packs, int fd, IndexContent& content, const StoreId& store) {
    const std::string name = pack_name(content.serial), path = packs.name_of(name);
    const std::string temporary = io::random_name(".tmp-");
    io::Fd out(io::sys::openat(packs.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600));
    if (!out) fail_errno(Exit::cant_create, path, "create");
    try {
        std::uint64_t end = pack_header_bytes;
        if (!content.segments.empty()) end = content.segments.back().offset + content.segments.back().stored_bytes();
        io::pwrite_all(out.get(), encode_pack_header(content.serial, store), 0, path);
        Buffer piece;
        for (std::uint64_t at = pack_header_bytes; at < end; at += piece.size()) {
            piece.resize(std::min<std::uint64_t>(end - at, 1 << 20));
            piece.resize(io::pread_full(fd, piece, at, path));
            if (piece.empty()) break;
            io::pwrite_all(out.get(), piece, at, path);
        }
        const Buffer tail = encode_pack_end(content.runs);
        io::pwrite_all(out.get(), tail, end, path);
        io::sync_fd(out.get(), path);
        io::close_checked(std::move(out), path);
        io::rename_at(packs, temporary, packs, name);
        content.pack_bytes = end + tail.size();
    } catch (...) {
        io::sys::unlinkat(packs.get(), temporary.c_str(), 0);
        throw;
    }
    io::sync_dir(packs);
}

PackScan scan_pack(int fd, const std::string& path, std::uint64_t serial, const PackIndex* known,
                   const chunk::Hasher& hasher, Monitor& monitor) {
    return Scan(fd, path, serial, known, hasher, monitor).run();
}

} // namespace rs::store
