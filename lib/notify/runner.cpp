// SPDX-License-Identifier: Apache-2.0
#include "notify/runner.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "notify/job.hpp"

namespace rs::notify {

namespace {

struct Tried {
    int status = 0;
    std::string error;
};

Tried run_once(const RunOptions& o, Tail& tail) {
    const auto hear = [&](const std::string& text) {
        tail.add(text);
        if (o.heard && !text.empty()) o.heard(text);
    };
    try {
        Job job(o.argv, {}, o.timeout);
        while (!job.status()) {
            static_cast<void>(wait_readable({job.output(), job.ended()}, job.deadline()));
            hear(job.read());
            job.keep_time(Clock::now());
        }
        hear(job.read());
        const int status = *job.status();
        if (job.timed_out())
            return {static_cast<int>(Exit::unavailable), cat("ended after ", human_seconds(static_cast<double>(o.timeout.count())),
                                                            ", which is the limit")};
        return {status, status > 128 ? cat("killed by signal ", status - 128) : ""};
    } catch (const Interrupted&) {
        throw;
    } catch (const Error& e) {
        return {127, e.what()};
    }
}

} // namespace

bool is_final(int status) {
    return status == static_cast<int>(Exit::usage) || status == static_cast<int>(Exit::config) ||
           status == static_cast<int>(Exit::fenced);
}

Row run_program(const RunOptions& o) {
    RS_ASSERT(o.tries > 0 && !o.argv.empty());
    const auto start = Clock::now();
    Row row;
    auto pause = o.backoff;
    for (row.tries = 1;; ++row.tries) {
        Tail tail(max_row_output_bytes);
        const Tried tried = run_once(o, tail);
        row.status = tried.status;
        row.error = tried.error;
        row.output = tail.text();
        row.outcome = tried.status == 0               ? Outcome::ok
                      : tried.status == 1 && o.warned ? Outcome::warned
                                                      : Outcome::failed;
        if (row.outcome != Outcome::failed || row.tries >= o.tries || is_final(tried.status)) break;
        static_cast<void>(wait_readable({}, Clock::now() + pause));
        pause = std::min(pause * 2, o.max_backoff);
    }
    row.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    row.time = now_utc();
    row.id = new_row_id();
    return row;
}

} // namespace rs::notify
