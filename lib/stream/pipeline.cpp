// SPDX-License-Identifier: Apache-2.0
#include "stream/pipeline.hpp"

#include <chrono>

namespace rs::stream {

Pipeline::Pipeline(int level, unsigned threads, std::function<void(Ready&&)> done)
    : done_(std::move(done)), workers_(threads) {
    for (unsigned i = 0; i < workers_.count(); ++i) compressors_.emplace_back(level);
}

void Pipeline::compress(chunk::Segment&& segment, Buffer&& raw) {
    order_.emplace_back(workers_.submit(
        [this, job = Compressed{std::move(segment), std::move(raw)}](unsigned thread) mutable {
            job.segment.frame = compressors_[thread].compress(job.raw);
            return std::move(job);
        }));
    deliver(std::size_t{2} * workers_.count());
}

void Pipeline::pass(Ready&& item) {
    order_.emplace_back(std::move(item));
    deliver(std::size_t{2} * workers_.count());
}

void Pipeline::drain() { deliver(0); }

void Pipeline::deliver(std::size_t keep) {
    while (!order_.empty()) {
        if (auto* const ready = std::get_if<Ready>(&order_.front())) {
            done_(std::move(*ready));
            order_.pop_front();
            continue;
        }
        auto& job = std::get<std::future<Compressed>>(order_.front());
        const bool finished = job.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
        if (!finished && order_.size() <= keep) return;
        std::future<Compressed> first = std::move(job);
        order_.pop_front(); // also if it failed
        Compressed compressed = first.get();
        compressed.raw.clear();
        if (spares_.size() < 4) spares_.push_back(std::move(compressed.raw));
        done_(std::move(compressed.segment));
    }
}

Buffer Pipeline::spare() {
    if (spares_.empty()) {
        Buffer fresh;
        fresh.reserve(chunk::segment_target_bytes + chunk::segment_target_bytes / 4);
        return fresh;
    }
    Buffer out = std::move(spares_.back());
    spares_.pop_back();
    return out;
}

} // namespace rs::stream
