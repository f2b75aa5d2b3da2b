// SPDX-License-Identifier: Apache-2.0
// Notifications and rows of feeds: what is taken means the same when it is written again.
#include "fuzz.hpp"
#include "notify/feed_xml.hpp"
#include "notify/notification.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(as_text(fuzz::bytes(data, size)));
    notify::Row row;
    if (notify::Row::parse(text, row)) {
        notify::Row again;
        const std::string written = row.json();
        if (!notify::Row::parse(written, again) || again.json() != written) __builtin_trap();
        static_cast<void>(notify::atom_of({{row}, 0, false, {}}, {row.title, row.error, 1}));
        static_cast<void>(notify::rss_of({{row}, 0, false, {}}, {row.title, row.error, 1}));
    }
    return fuzz::run([&] {
        const notify::Key key("0123456789abcdef");
        const notify::Notification n = notify::parse_notification(text, nullptr);
        if (notify::parse_notification(notify::format_notification(n, &key), &key) != n) __builtin_trap();
    });
}
