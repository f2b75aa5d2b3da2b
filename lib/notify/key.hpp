// SPDX-License-Identifier: Apache-2.0
// The secret that who tells and who hears have in common.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace rs::notify {

inline constexpr std::size_t min_key_bytes = 16; // 128 bits, if they are random
inline constexpr std::size_t max_key_bytes = 4096;

class Key {
public:
    // The bytes of the file, less blanks at its end. Others may read or write the file, or it is too short or too long:
    // Error(Exit::config). Missing: Error(Exit::no_input).
    [[nodiscard]] static Key load(const std::string& path);
    explicit Key(std::string secret) : secret_(std::move(secret)) {}
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    Key(Key&&) = default;
    ~Key(); // overwrites it

    // HMAC-SHA256, 64 lower-case hexadecimal digits.
    [[nodiscard]] std::string mac(std::string_view text) const;
    // Takes the same time wherever the two differ.
    [[nodiscard]] bool verify(std::string_view text, std::string_view mac) const;

private:
    std::string secret_;
};

} // namespace rs::notify
