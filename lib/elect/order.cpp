// SPDX-License-Identifier: Apache-2.0
#include "elect/order.hpp"

#include <sys/stat.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"

namespace rs::elect {

std::optional<std::string> read_order(const io::Dir& state) {
    try {
        const io::Fd fd = io::try_open_at(state, order_file);
        if (!fd) return std::nullopt;
        const struct stat there = io::stat_fd(fd.get(), order_file);
        std::string what(as_text(io::read_file(fd.get(), 64, order_file)));
        if (what.ends_with('\n')) what.pop_back();
        if (now_utc().seconds - there.st_mtim.tv_sec > oldest_order) return "too old an order";
        if (what.empty()) return std::nullopt;
        return what;
    } catch (const Error& e) {
        return e.what();
    }
}

void consume_order(const io::Dir& state) {
    io::unlink_at(state, order_file);
    io::sync_dir(state);
}

} // namespace rs::elect
