// SPDX-License-Identifier: Apache-2.0
#include "notify/notification.hpp"

#include "base/fields.hpp"
#include "base/text.hpp"

namespace rs::notify {

namespace {

constexpr std::string_view first_line = "rs-notification 1\n";

std::string body_of(const Notification& n) {
    return cat(first_line, "source ", n.source, "\nname ", n.name, "\ngeneration ", n.generation.str(), "\ndigest ",
               n.digest.empty() ? "-" : n.digest, "\n");
}

[[noreturn]] void malformed(std::string_view what) { fail(Exit::data, cat("notification: ", what)); }

std::string_view take(std::string_view& text, std::string_view key) { return take_field(text, key, "notification"); }

} // namespace

std::string format_notification(const Notification& n, const Key* key) {
    RS_ASSERT(is_word(n.source) && is_word(n.name) && n.generation && (n.digest.empty() || is_digest(n.digest)));
    const std::string body = body_of(n);
    return cat(body, "mac ", key != nullptr ? key->mac(body) : "-", "\n");
}

Notification parse_notification(std::string_view text, const Key* key) {
    if (text.size() > max_notification_bytes) malformed("too long");
    if (!text.starts_with(first_line)) malformed("does not begin as one");
    std::string_view rest = text.substr(first_line.size());
    Notification n;
    n.source = take(rest, "source");
    n.name = take(rest, "name");
    const std::string_view generation = take(rest, "generation");
    n.digest = take(rest, "digest");
    const std::string_view signed_part = text.substr(0, text.size() - rest.size());
    const std::string_view mac = take(rest, "mac");
    if (!rest.empty()) malformed("something behind the end");
    // First of all: what somebody else has made up need not be looked at.
    if (key != nullptr && !key->verify(signed_part, mac)) throw Forged();
    if (!is_word(n.source)) malformed("source: not a word");
    if (!is_word(n.name)) malformed("name: not a word");
    const auto parsed = Generation::parse(generation);
    if (!parsed) malformed("generation: not EPOCH.COUNTER");
    n.generation = *parsed;
    if (n.digest == "-")
        n.digest.clear();
    else if (!is_digest(n.digest))
        malformed("digest: not 64 hexadecimal digits");
    if (mac != "-" && !is_digest(mac)) malformed("mac: not 64 hexadecimal digits");
    return n;
}

} // namespace rs::notify
