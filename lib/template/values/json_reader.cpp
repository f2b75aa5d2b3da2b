// SPDX-License-Identifier: Apache-2.0
#include "template/values/json.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

namespace {

constexpr int max_depth = 200; // as repr() and the writer: what can be read can be written

class Reader {
public:
    Reader(Heap& heap, std::string_view text) : heap_(heap), text_(text) {}

    Value document() {
        if (text_.starts_with("\xef\xbb\xbf"))
            fail("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
        blanks();
        const Value out = value();
        blanks();
        if (at_ < text_.size()) fail("Extra data", at_);
        return out;
    }

private:
    [[noreturn]] void fail(std::string_view why, std::size_t at) const {
        const std::string_view before = text_.substr(0, at);
        const auto lines = std::count(before.begin(), before.end(), '\n');
        const std::size_t start = before.rfind('\n') + 1;
        const auto characters_from = [&](std::size_t from) {
            return std::count_if(
                before.begin() + static_cast<std::ptrdiff_t>(from), before.end(),
                [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
        };
        raise("JSONDecodeError",
              cat(why, ": line ", lines + 1, " column ", characters_from(start) + 1, " (char ",
                  characters_from(0), ")"));
    }

    void blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r'))
            ++at_;
    }
    [[nodiscard]] char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool skip(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    Value value() {
        if (++depth_ > max_depth) raise("RecursionError", "JSON nested too deeply");
        const Value out = value_inner();
        --depth_;
        return out;
    }

    Value value_inner() {
        switch (here()) {
        case '"': ++at_; return heap_.text(string());
        case '{': ++at_; return object();
        case '[': ++at_; return array();
        default: break;
        }
        if (skip("null")) return {};
        if (skip("true")) return true;
        if (skip("false")) return false;
        if (skip("NaN")) return std::nan("");
        if (skip("Infinity")) return HUGE_VAL;
        if (skip("-Infinity")) return -HUGE_VAL;
        return number();
    }

    static bool digit(char c) { return c >= '0' && c <= '9'; }

    Value number() {
        std::size_t end = at_;
        const auto peek = [&](std::size_t i) { return i < text_.size() ? text_[i] : '\0'; };
        if (peek(end) == '-') ++end;
        if (!digit(peek(end))) fail("Expecting value", at_);
        if (peek(end) == '0')
            ++end;
        else
            while (digit(peek(end))) ++end;
        bool real = false;
        if (peek(end) == '.' && digit(peek(end + 1))) {
            real = true;
            ++end;
            while (digit(peek(end))) ++end;
        }
        if (peek(end) == 'e' || peek(end) == 'E') {
            std::size_t exponent = end + 1;
            if (peek(exponent) == '-' || peek(exponent) == '+') ++exponent;
            if (digit(peek(exponent))) {
                real = true;
                end = exponent;
                while (digit(peek(end))) ++end;
            }
        }
        const std::string_view word = text_.substr(at_, end - at_);
        at_ = end;
        if (real) return parse_real(word);
        return parse_integer(word, 10);
    }

    char32_t hex4() {
        unsigned point = 0;
        const std::string_view digits = text_.substr(std::min(at_, text_.size()), 4);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
        if (digits.size() < 4 || error != std::errc() || end != digits.data() + 4)
            fail("Invalid \\uXXXX escape", at_ - 1);
        at_ += 4;
        return point;
    }

    // Behind the opening quote.
    std::string string() {
        const std::size_t begin = at_ - 1;
        std::string out;
        for (;;) {
            if (at_ >= text_.size()) fail("Unterminated string starting at", begin);
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return out;
            }
            if (static_cast<unsigned char>(c) < 0x20) fail("Invalid control character at", at_);
            ++at_;
            if (c != '\\') {
                out += c;
                continue;
            }
            if (at_ >= text_.size()) fail("Unterminated string starting at", begin);
            const char e = text_[at_++];
            constexpr std::string_view names = "\"\\/bfnrt", are = "\"\\/\b\f\n\r\t";
            if (const std::size_t i = names.find(e); i != std::string_view::npos) {
                out += are[i];
                continue;
            }
            if (e != 'u') fail("Invalid \\escape", at_ - 2);
            char32_t point = hex4();
            if (point >= 0xd800 && point < 0xdc00 && text_.substr(at_).starts_with("\\u")) {
                at_ += 2;
                const char32_t second = hex4();
                if (second < 0xdc00 || second > 0xdfff)
                    raise("NotSupported", "half of a surrogate pair");
                point = 0x10000 + ((point - 0xd800) << 10 | (second - 0xdc00));
            }
            if (point >= 0xd800 && point < 0xe000)
                raise("NotSupported", "half of a surrogate pair");
            append_code_point(out, point);
        }
    }

    Value array() {
        std::vector<Value> items;
        blanks();
        if (skip("]")) return heap_.list({});
        for (;;) {
            blanks();
            heap_.spend(sizeof(Value));
            items.push_back(value());
            blanks();
            if (skip("]")) return heap_.list(std::move(items));
            if (!skip(",")) fail("Expecting ',' delimiter", at_);
        }
    }

    Value object() {
        const Value out = heap_.dict();
        blanks();
        if (skip("}")) return out;
        for (;;) {
            blanks();
            if (!skip("\"")) fail("Expecting property name enclosed in double quotes", at_);
            const Value key = heap_.text(string());
            blanks();
            if (!skip(":")) fail("Expecting ':' delimiter", at_);
            blanks();
            put(heap_, out.as<Dict>(), key, value());
            blanks();
            if (skip("}")) return out;
            if (!skip(",")) fail("Expecting ',' delimiter", at_);
        }
    }

    Heap& heap_;
    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

} // namespace

Value parse_json(Heap& heap, std::string_view text) { return Reader(heap, text).document(); }

} // namespace rs::tmpl
