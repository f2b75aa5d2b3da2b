// SPDX-License-Identifier: Apache-2.0
// URLs as Python's urllib.parse takes them apart: by its rules of thumb, not by those of RFC 3986 alone.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rs::tmpl::url {

struct Parts {
    std::string scheme, netloc, path, params, query, fragment; // params: only behind parse()
};

// ValueError for brackets that hold no address.
[[nodiscard]] Parts split(std::string_view url, std::string_view scheme = {},
                          bool fragments = true);
[[nodiscard]] Parts parse(std::string_view url, std::string_view scheme = {},
                          bool fragments = true);
[[nodiscard]] std::string unsplit(const Parts& parts); // params counts
[[nodiscard]] std::string join(std::string_view base, std::string_view url, bool fragments = true);

// What a netloc consists of.
struct Host {
    std::optional<std::string> user, password, name, port; // name in small letters
};
[[nodiscard]] Host host_of(std::string_view netloc);

// Bytes that are no letter, digit, one of _.-~ or in `safe` become %XX.
[[nodiscard]] std::string quote(std::string_view bytes, std::string_view safe);
// %XX become bytes; what is no UTF-8 then becomes U+FFFD.
[[nodiscard]] std::string unquote(std::string_view text);
[[nodiscard]] std::string unquote_bytes(std::string_view text);
// UTF-8 with U+FFFD where it is none: one for each longest beginning of a character.
[[nodiscard]] std::string decode_replacing(std::string_view bytes);

} // namespace rs::tmpl::url
