// SPDX-License-Identifier: Apache-2.0
// A feed for readers of news: Atom (RFC 4287) or RSS 2.0.
#pragma once

#include <string>

#include "notify/feed.hpp"

namespace rs::notify {

struct FeedHead {
    std::string title;
    std::string link; // where it can be had, also its id; may be empty
    std::size_t max_rows = 50;
};

// The newest rows, newest first. Well-formed whatever is in a row: what XML 1.0 cannot hold becomes U+FFFD.
[[nodiscard]] std::string atom_of(const Feed& feed, const FeedHead& head);
[[nodiscard]] std::string rss_of(const Feed& feed, const FeedHead& head);

} // namespace rs::notify
