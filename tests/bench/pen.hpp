// SPDX-License-Identifier: Apache-2.0
// What the workloads write with: words of a made-up language, numbers, digests, times.
#pragma once

#include "random.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bench {

// Writes text at a cursor without looking at the end of the buffer: that keeps a row at some
// hundred nanoseconds. The owner of the buffer leaves `spare` bytes after the place where it
// begins a row, line or sentence.
class Pen {
public:
    static constexpr std::size_t spare = 64 * 1024; // bytes; far above the longest row

    explicit Pen(char* at) : at_(at) {}
    [[nodiscard]] char* at() const { return at_; }

    Pen& text(std::string_view text);
    Pen& put(char c);
    Pen& number(std::uint64_t value);
    Pen& number(std::uint64_t value, int width); // zeros in front; width up to 19 digits
    Pen& decimal(std::uint64_t hundredths);      // 1234 is written as 12.34
    Pen& hex(Random& random, std::size_t digits);
    Pen& uuid(Random& random);
    Pen& time(std::uint64_t milliseconds); // since 1970, as "2021-03-04 05:06:07.089"
    Pen& word(Random& random);             // by Zipf's law
    Pen& word_of_rank(std::uint32_t rank); // any number; taken modulo the size of the lexicon
    Pen& capital_word(Random& random);
    Pen& words(Random& random,
               std::uint32_t count); // with spaces between; set phrases turn up again and again
    Pen& sentence(Random& random);   // 4 to 18 words, capital and full stop
    Pen& name(Random& random);       // a first or last name

private:
    char* at_;
};

// Fills the span to its last byte.
void fill_random(std::span<char> bytes, Random& random); // does not compress
void fill_prose(std::span<char> bytes, Random& random);  // sentences in lines
void fill_machine_code(std::span<char> bytes,
                       Random& random); // like a stripped executable: about 2:1 with zstd -3

} // namespace bench
