// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace std::literals;

namespace {

std::string shown(const std::optional<std::uint64_t>& value) {
    return value ? cat(*value) : "nothing";
}

} // namespace

TEST_CASE("what printable() escapes comes back") {
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    CHECK(unescape_octal(printable(all)) == all);
    CHECK(unescape_octal("/mnt/a\\040b") == "/mnt/a b");
    for (const char* const text : {"", "\\", "\\0", "\\04", "\\0488"}) {
        CAPTURE(text);
        CHECK(unescape_octal(text) == (std::string(text) == "\\0488" ? "\\0488" : text));
    }
}

TEST_CASE("text, characters and integers of every width are joined") {
    CHECK(cat().empty());
    CHECK(cat("a", 'b', std::string("c"), "d"sv) == "abcd");
    CHECK(cat(0, " ", -1, " ", std::numeric_limits<std::int64_t>::min(), " ",
              std::numeric_limits<std::uint64_t>::max()) ==
          "0 -1 -9223372036854775808 18446744073709551615");
    CHECK(cat(std::uint8_t{65}, " ", std::int8_t{-65}) == "65 -65");
}

TEST_CASE("printable text stays as it is, everything else becomes octal") {
    struct Row {
        std::string_view in;
        std::string_view out;
    };
    static constexpr Row rows[] = {
        {"", ""},
        {"plain text, 100%", "plain text, 100%"},
        {"back\\slash", "back\\134slash"},
        {{"\0\1\t\n\r\x1f", 6}, "\\000\\001\\011\\012\\015\\037"},
        {"\x1b[31mred", "\\033[31mred"},
        {"\x7f", "\\177"},
        {" ~", " ~"},
        {"Caf\u00e9 \u20ac \U0001f600", "Caf\u00e9 \u20ac \U0001f600"},
        {"\xc2\x80\xc2\x9b\xc2\x9f", "\\302\\200\\302\\233\\302\\237"}, // C1 controls
        {"\xc2\xa0", "\xc2\xa0"},
        {"caf\xe9", "caf\\351"}, // Latin-1
        {"\x80", "\\200"},
        {"\xff\xfe", "\\377\\376"},
        {"\xc3", "\\303"}, // cut short
        {"\xe2\x82", "\\342\\202"},
        {"\xe2\x82x", "\\342\\202x"},
        {"\xc0\xaf", "\\300\\257"},             // overlong
        {"\xed\xa0\x80", "\\355\\240\\200"},    // surrogate
    };
    for (const Row& row : rows) {
        CAPTURE(row.out);
        CHECK(printable(row.in) == row.out);
    }
}

TEST_CASE("what printable() gives is valid UTF-8 without control bytes, whatever the bytes") {
    const std::uint64_t seed = 5;
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 2000; ++i) {
        const Buffer bytes = random.bytes(random.below(40));
        const std::string out = printable(as_text(bytes));
        REQUIRE(valid_utf8(out));
        for (const char c : out) REQUIRE((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    }
}

TEST_CASE("UTF-8 is well-formed as RFC 3629 says") {
    static constexpr std::string_view good[] = {
        "", "a", {"\0", 1}, "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z",
    };
    for (const std::string_view row : good) {
        CAPTURE(to_hex(row));
        CHECK(valid_utf8(row));
    }
    static constexpr std::string_view bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x7f", "\xc2\xc0", "\xe0\x9f\xbf",
        "\xe0\xa0", "\xe1\x80\x7f", "\xe1\x80\xc0", "\xed\xa0\x80", "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf1\x80\x80\x7f", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "a\xc3", "\xc3\xa9\xa9",
    };
    for (const std::string_view row : bad) {
        CAPTURE(to_hex(row));
        CHECK_FALSE(valid_utf8(row));
    }
}

TEST_CASE("every Unicode scalar value is valid UTF-8 and every surrogate is not") {
    bool good = true;
    for (std::uint32_t c = 0x80; c <= 0x10ffff; ++c) {
        std::string s;
        const auto tail = [&](unsigned shift) {
            s.push_back(static_cast<char>(0x80 | ((c >> shift) & 0x3f)));
        };
        if (c < 0x800) {
            s.push_back(static_cast<char>(0xc0 | (c >> 6)));
        } else if (c < 0x10000) {
            s.push_back(static_cast<char>(0xe0 | (c >> 12)));
            tail(6);
        } else {
            s.push_back(static_cast<char>(0xf0 | (c >> 18)));
            tail(12);
            tail(6);
        }
        tail(0);
        good = good && valid_utf8(s) == (c < 0xd800 || c > 0xdfff);
    }
    CHECK(good);
}

TEST_CASE("hexadecimal goes both ways, in lower case") {
    CHECK(to_hex("") == "");
    CHECK(to_hex({"\x00\x0f\xa5\xff", 4}) == "000fa5ff");
    CHECK(from_hex("000fa5ff") == std::string("\x00\x0f\xa5\xff", 4));
    CHECK(from_hex("000FA5FF") == std::string("\x00\x0f\xa5\xff", 4));
    CHECK(from_hex("") == "");
    static constexpr std::string_view bad[] = {"0", "000", "0g", "g0", "0x00", " 00", "00 ",
                                               "-1", "+1", {"\0\0", 2}, "\xff\xff"};
    for (const std::string_view row : bad) {
        CAPTURE(row);
        CHECK_FALSE(from_hex(row));
    }
}

TEST_CASE("a number is decimal digits and nothing around them") {
    CHECK(shown(parse_u64("0")) == "0");
    CHECK(shown(parse_u64("007")) == "7");
    CHECK(shown(parse_u64("18446744073709551615")) == "18446744073709551615");
    static constexpr std::string_view bad[] = {
        "", "-1", "+1", "-0", " 1", "1 ", "1.", "0x1", "1e3", "a", "1a",
        "18446744073709551616", "99999999999999999999999", {"1\0", 2}};
    for (const std::string_view row : bad) {
        CAPTURE(row);
        CHECK(shown(parse_u64(row)) == "nothing");
    }
    CHECK(shown(parse_u64({"12x", 2})) == "12"); // what is behind the view is not read
}

TEST_CASE("bytes are told in the largest unit that keeps them above one") {
    struct Row {
        std::uint64_t bytes;
        std::string_view text;
    };
    constexpr std::uint64_t k = 1024;
    static constexpr Row rows[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {k, "1.0 KiB"},
        {1434, "1.4 KiB"},
        {k * 1023, "1023.0 KiB"},
        {1048524, "1023.9 KiB"},
        {1048525, "1.0 MiB"}, // not 1024.0 KiB
        {k * k - 1, "1.0 MiB"},
        {k * k, "1.0 MiB"},
        {700 * k * k, "700.0 MiB"},
        {k * k * k - 1, "1.0 GiB"},
        {k * k * k, "1.0 GiB"},
        {k * k * k * k, "1.0 TiB"},
        {k * k * k * k * k, "1.0 PiB"},
        {k * k * k * k * k * k, "1.0 EiB"},
        {std::numeric_limits<std::uint64_t>::max(), "16.0 EiB"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.bytes);
        CHECK(human_bytes(row.bytes) == row.text);
    }
}

TEST_CASE("no size is told with more than four digits before the point, or as 1024 of a unit") {
    const std::uint64_t seed = 6;
    CAPTURE(seed);
    Random random(seed);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t bytes = random() >> random.below(64);
        CAPTURE(bytes);
        const std::string text = human_bytes(bytes);
        REQUIRE(text.size() <= 10);
        REQUIRE(text.substr(0, 4) != "1024");
    }
}

TEST_CASE("seconds are told in the two units that matter") {
    struct Row {
        double seconds;
        std::string_view text;
    };
    static constexpr Row rows[] = {
        {0, "0 ms"},          {0.0004, "0 ms"},        {0.85, "850 ms"},
        {0.9994, "999 ms"},   {0.9995, "1.0 s"},       {1, "1.0 s"},
        {12.3, "12.3 s"},     {99.94, "99.9 s"},       {99.95, "1 min 40 s"},
        {100, "1 min 40 s"},  {119.6, "2 min 0 s"},    {250, "4 min 10 s"},
        {3599, "59 min 59 s"}, {3599.6, "1 h 0 min"},  {3600, "1 h 0 min"},
        {11'520, "3 h 12 min"}, {86'399, "23 h 59 min"}, {86'400, "1 d 0 h"},
        {439'200, "5 d 2 h"}, {1e9, "11574 d 1 h"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.seconds);
        CHECK(human_seconds(row.seconds) == row.text);
    }
}

TEST_CASE("a size is a number with a binary unit") {
    struct Row {
        std::string_view text;
        std::uint64_t bytes;
    };
    constexpr std::uint64_t k = 1024;
    static constexpr Row rows[] = {
        {"0", 0},
        {"64", 64},
        {"64B", 64},
        {"64K", 64 * k},
        {"64k", 64 * k},
        {"64KB", 64 * k},
        {"64KiB", 64 * k},
        {"10M", 10 * k * k},
        {"10MiB", 10 * k * k},
        {"2G", 2 * k * k * k},
        {"2GB", 2 * k * k * k},
        {"1T", k * k * k * k},
        {"1P", k * k * k * k * k},
        {"0P", 0},
        {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
        {"18014398509481983K", 18014398509481983U * k},
        {"16383P", 16383 * k * k * k * k * k},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(shown(parse_size(row.text)) == cat(row.bytes));
    }
}

TEST_CASE("what is not exactly a size, or does not fit in 64 bits, is refused") {
    static constexpr std::string_view rows[] = {
        "", "K", "B", "-1", "+1", " 1", "1 ", "1 K", "1.5G", "1KK", "1KBB", "1Ki", "1iB", "1BK",
        "1m", "1g", "1kib", "1X", "1E", "0x10", "K1", "18446744073709551616", "18014398509481984K",
        "17592186044416M", "17179869184G", "16777216T", "16384P", "99999999999999999999P",
        {"1K\0", 3}, {"1\0", 2},
    };
    for (const std::string_view row : rows) {
        CAPTURE(row);
        CHECK(shown(parse_size(row)) == "nothing");
    }
}

TEST_CASE("a duration is a number with a unit of time") {
    struct Row {
        std::string_view text;
        std::uint64_t seconds;
    };
    static constexpr Row rows[] = {
        {"0", 0},          {"60", 60},         {"60s", 60},        {"5m", 300},
        {"5min", 300},     {"2h", 7200},       {"1d", 86400},      {"0d", 0},
        {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
        {"307445734561825860m", 307445734561825860U * 60},
        {"5124095576030431h", 5124095576030431U * 3600},
        {"213503982334601d", 213503982334601U * 86400},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(shown(parse_seconds(row.text)) == cat(row.seconds));
    }
    static constexpr std::string_view bad[] = {
        "", "s", "-1", "+1s", " 1", "1 ", "1 s", "1.5h", "1D", "1H", "1M", "1w", "1mi", "1sec",
        "1h30m", "18446744073709551616", "307445734561825861m", "5124095576030432h",
        "213503982334602d", "99999999999999999999d", {"1s\0", 3},
    };
    for (const std::string_view row : bad) {
        CAPTURE(row);
        CHECK(shown(parse_seconds(row)) == "nothing");
    }
}

TEST_CASE("a count agrees with its noun") {
    CHECK(count_of(0, "file") == "0 files");
    CHECK(count_of(1, "file") == "1 file");
    CHECK(count_of(3, "file") == "3 files");
    CHECK(count_of(1, "entry") == "1 entry");
    CHECK(count_of(2, "entry") == "2 entries");
}
