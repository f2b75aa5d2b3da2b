// SPDX-License-Identifier: Apache-2.0
#include "notify/feed_xml.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace rs::notify {

namespace {

// The text as content of an element or an attribute. Rows hold UTF-8: their JSON does.
std::string xml(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\t':
        case '\n': out += c; break;
        default:
            // XML 1.0, production 2: no other control character.
            if (static_cast<unsigned char>(c) < 0x20)
                out += "\xEF\xBF\xBD";
            else
                out += c;
        }
    }
    // U+FFFE and U+FFFF are no characters of XML either.
    for (const std::string_view none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
        for (std::size_t at = 0; (at = out.find(none, at)) != std::string::npos; at += 3) out.replace(at, 3, "\xEF\xBF\xBD");
    return out;
}

std::string title_of(const Row& row) {
    return cat(row.title, row.generation.empty() ? "" : " ", row.generation, ": ", word_of(row.outcome));
}

// HTML, as the readers show it; escaped once more where it stands in XML.
std::string content_of(const Row& row) {
    std::string out = cat(word_of(row.outcome), "<br/>");
    if (row.status != 0) out += cat("exit status ", row.status, "<br/>");
    if (row.tries > 1) out += cat(row.tries, " tries<br/>");
    out += cat(human_seconds(row.seconds), "<br/>");
    if (!row.error.empty()) out += cat(xml(row.error), "<br/>");
    return cat(out, "<pre>", xml(row.output), "</pre>");
}

// RFC 822 with four digits of the year, as RSS wants it.
std::string rfc822(UtcTime time) {
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const CivilTime c = to_civil(time);
    const auto two = [](unsigned n) { return cat(n < 10 ? "0" : "", n); };
    // 1970-01-01 was a Thursday.
    const std::int64_t day = time.seconds >= 0 ? time.seconds / 86'400 : (time.seconds - 86'399) / 86'400;
    const auto weekday = static_cast<std::size_t>(((day + 4) % 7 + 7) % 7);
    return cat(days[weekday], ", ", two(c.day), " ", months[c.month - 1], " ", c.year, " ", two(c.hour), ":", two(c.minute), ":",
               two(c.second), " +0000");
}

template <class F>
void newest_first(const Feed& feed, std::size_t most, const F& take) {
    const std::size_t n = std::min(most, feed.rows.size());
    for (std::size_t i = 0; i < n; ++i) take(feed.rows[feed.rows.size() - 1 - i]);
}

UtcTime newest(const Feed& feed) {
    UtcTime out;
    for (const Row& row : feed.rows) out = std::max(out, row.time);
    return out;
}

} // namespace

std::string atom_of(const Feed& feed, const FeedHead& head) {
    std::string out = cat("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n  <title>",
                          xml(head.title), "</title>\n  <id>", xml(head.link.empty() ? "urn:rs-feed:" + head.title : head.link),
                          "</id>\n");
    if (!head.link.empty()) out += cat("  <link rel=\"self\" href=\"", xml(head.link), "\"/>\n");
    out += cat("  <updated>", format_utc(newest(feed)), "</updated>\n  <author><name>", xml(head.title), "</name></author>\n");
    newest_first(feed, head.max_rows, [&](const Row& row) {
        out += cat("  <entry>\n    <title>", xml(title_of(row)), "</title>\n    <id>", xml(row.id), "</id>\n    <updated>",
                   format_utc(row.time), "</updated>\n    <content type=\"html\">", xml(content_of(row)),
                   "</content>\n  </entry>\n");
    });
    return out + "</feed>\n";
}

std::string rss_of(const Feed& feed, const FeedHead& head) {
    std::string out = cat("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\">\n<channel>\n  <title>",
                          xml(head.title), "</title>\n  <link>", xml(head.link), "</link>\n  <description>", xml(head.title),
                          "</description>\n  <lastBuildDate>", rfc822(newest(feed)), "</lastBuildDate>\n");
    newest_first(feed, head.max_rows, [&](const Row& row) {
        out += cat("  <item>\n    <title>", xml(title_of(row)), "</title>\n    <guid isPermaLink=\"false\">", xml(row.id),
                   "</guid>\n    <pubDate>", rfc822(row.time), "</pubDate>\n    <description>", xml(content_of(row)),
                   "</description>\n  </item>\n");
    });
    return out + "</channel>\n</rss>\n";
}

} // namespace rs::notify
