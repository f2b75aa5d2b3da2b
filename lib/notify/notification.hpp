// SPDX-License-Identifier: Apache-2.0
// "Generation G of N is ready at S": a hint to look now. Losing one, or getting it twice, does no harm.
//
// On the wire it is six lines, each KEY BLANK VALUE, in this order and nothing behind them:
//   rs-notification 1
//   source COMP-1-wiki0        who has it: words of letters, digits, dots, dashes and underscores
//   name wiki                  the service, such a word as well
//   generation 1.118
//   digest HEX                 64 digits of what it consists of, or - if that is not known
//   mac HEX                    HMAC-SHA256 (RFC 2104, FIPS 180-4) of the five lines above, or - without a key
// Text, so that it can be read in a log and written by a shell; no time, since nothing is ordered by clocks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/fields.hpp"
#include "base/generation.hpp"
#include "notify/key.hpp"

namespace rs::notify {

// More than any notification has: what is longer is refused before it is looked at.
inline constexpr std::size_t max_notification_bytes = 1024;

struct Notification {
    std::string source, name;
    Generation generation;
    std::string digest; // 64 lower-case hexadecimal digits, or empty

    // "SOURCE:NAME": whose generations these are.
    [[nodiscard]] std::string id() const { return source + ":" + name; }
    bool operator==(const Notification&) const = default;
};

// Source and name must be words, and the generation one.
[[nodiscard]] std::string format_notification(const Notification& n, const Key* key);

// What is no notification: Error(Exit::data). With a key, one whose MAC is not by it: Forged.
[[nodiscard]] Notification parse_notification(std::string_view text, const Key* key);

class Forged : public Error {
public:
    Forged() : Error(Exit::data, "notification: not signed with our key") {}
};

} // namespace rs::notify
