// SPDX-License-Identifier: Apache-2.0
#include "stream/pipeline.hpp"

namespace rs::stream {

Pipeline::Pipeline(int level, unsigned threads, std::function<void(Ready&&)> done)
    : level_(level), threads_(threads == 0 ? 1 : threads), done_(std::move(done)) {}

Pipeline::~Pipeline() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    job_added_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

void Pipeline::work() {
    chunk::Compressor compressor(level_);
    for (;;) {
        std::shared_ptr<Job> job;
        {
            std::unique_lock lock(mutex_);
            job_added_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
            if (stopping_) return;
            job = std::move(jobs_.front());
            jobs_.pop_front();
        }
        try {
            job->segment.frame = compressor.compress(job->raw);
        } catch (...) {
            job->error = std::current_exception();
        }
        {
            const std::lock_guard lock(mutex_);
            job->finished = true;
        }
        job_finished_.notify_one();
    }
}

void Pipeline::compress(chunk::Segment&& segment, Buffer&& raw) {
    if (workers_.empty())
        for (unsigned i = 0; i < threads_; ++i) workers_.emplace_back([this] { work(); });
    auto job = std::make_shared<Job>();
    job->segment = std::move(segment);
    job->raw = std::move(raw);
    order_.emplace_back(job);
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    job_added_.notify_one();
    deliver(std::size_t{2} * threads_);
}

void Pipeline::pass(Ready&& item) {
    order_.emplace_back(std::move(item));
    deliver(std::size_t{2} * threads_);
}

void Pipeline::drain() { deliver(0); }

void Pipeline::deliver(std::size_t keep) {
    while (!order_.empty()) {
        if (auto* const ready = std::get_if<Ready>(&order_.front())) {
            done_(std::move(*ready));
            order_.pop_front();
            continue;
        }
        const std::shared_ptr<Job> job = std::get<std::shared_ptr<Job>>(order_.front());
        {
            std::unique_lock lock(mutex_);
            if (!job->finished && order_.size() <= keep) return;
            job_finished_.wait(lock, [&] { return job->finished; });
        }
        if (job->error) std::rethrow_exception(job->error);
        order_.pop_front();
        job->raw.clear();
        if (spares_.size() < 4) spares_.push_back(std::move(job->raw));
        done_(std::move(job->segment));
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
