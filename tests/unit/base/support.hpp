// SPDX-License-Identifier: Apache-2.0
// What unit tests share: how a call failed, and bytes from a seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace rs::test {

// code ok: nothing was thrown.
struct Failure {
    Exit code = Exit::ok;
    std::string message;
    std::string hint;

    [[nodiscard]] bool names(std::string_view text) const {
        return message.find(text) != std::string::npos;
    }
};

// What the Error says that f() throws. Anything else that is thrown passes through.
template <class F>
[[nodiscard]] Failure failure_of(F&& f) {
    try {
        std::forward<F>(f)();
    } catch (const Error& e) {
        return {e.code(), e.what(), e.hint()};
    }
    return {};
}

template <class F>
[[nodiscard]] Exit code_of(F&& f) {
    return failure_of(std::forward<F>(f)).code;
}

// From one seed the same numbers with every library: no std:: distribution is used.
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t operator()() { return engine_(); }
    // 0 to n - 1
    std::uint64_t below(std::uint64_t n) { return engine_() % n; }
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }
    // Bytes that do not compress.
    Buffer bytes(std::size_t size) {
        Buffer out(size);
        for (std::size_t i = 0; i < size; i += 8) {
            const std::uint64_t word = engine_();
            for (std::size_t k = 0; k < 8 && i + k < size; ++k)
                out[i + k] = std::byte{static_cast<std::uint8_t>(word >> (8 * k))};
        }
        return out;
    }
    // Letters of a small alphabet, which compress.
    std::string letters(std::size_t size, std::string_view alphabet = "abcd") {
        std::string out(size, '\0');
        for (char& c : out) c = alphabet[below(alphabet.size())];
        return out;
    }

private:
    std::mt19937_64 engine_;
};

[[nodiscard]] inline Buffer bytes_of(std::initializer_list<unsigned> values) {
    Buffer out;
    for (const unsigned value : values) out.push_back(std::byte{static_cast<std::uint8_t>(value)});
    return out;
}

[[nodiscard]] inline Buffer buffer_of(std::string_view text) {
    Buffer out;
    append(out, as_bytes(text));
    return out;
}

} // namespace rs::test
