// SPDX-License-Identifier: Apache-2.0
#include "template/values/literal.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/text/format.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

namespace {

constexpr int max_depth = 100;

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) {
    const char small = static_cast<char>(c | 0x20);
    return c == '_' || digit(c) || (small >= 'a' && small <= 'z') ||
           static_cast<signed char>(c) < 0;
}

class Reader {
public:
    Reader(Heap& heap, std::string_view text) : heap_(heap), text_(text) {}

    Value document() {
        // Blanks in front, and line ends around, are no part of it.
        while (here() == ' ' || here() == '\t') ++at_;
        if (here() == '\n' || here() == '\r' || here() == '#') {
            open_ = 1; // empty lines may come first, an indent then not
            blanks();
            open_ = 0;
            if (at_ > 0 && (text_[at_ - 1] == ' ' || text_[at_ - 1] == '\t'))
                fail("unexpected indent");
        }
        Value out = value();
        blanks();
        if (here() == ',') { // 1, 2 is a tuple without brackets
            std::vector<Value> items{out};
            while (skip(',')) {
                blanks();
                if (at_ == text_.size() || line_end()) break;
                items.push_back(value());
                blanks();
            }
            out = heap_.tuple(std::move(items));
        }
        open_ = 1;
        blanks();
        if (at_ < text_.size()) fail("invalid syntax");
        // To Python a last line of blanks alone is an indent, and not if a line end follows.
        const std::size_t line = text_.find_last_of("\n\r");
        if (line != std::string_view::npos && line + 1 < text_.size() &&
            text_.find_first_not_of(" \t\f", line + 1) == std::string_view::npos)
            fail("unexpected indent");
        return out;
    }

private:
    [[noreturn]] void fail(std::string_view why) const {
        const std::string_view before = text_.substr(0, std::min(at_, text_.size()));
        raise("SyntaxError",
              cat(why, " in line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
                  characters(before.substr(before.rfind('\n') + 1)) + 1,
                  " of a literal"));
    }
    [[nodiscard]] char here(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    [[nodiscard]] bool line_end() const { return here() == '\n' || here() == '\r'; }
    bool skip(char c) {
        if (here() != c || at_ >= text_.size()) return false;
        ++at_;
        return true;
    }
    void blanks() {
        for (;;) {
            if (here() == ' ' || here() == '\t' || here() == '\f' || (open_ > 0 && line_end())) {
                ++at_;
            } else if (here() == '#') {
                while (at_ < text_.size() && !line_end()) ++at_;
            } else if (here() == '\\' && (here(1) == '\n' || here(1) == '\r')) {
                at_ += here(1) == '\r' && here(2) == '\n' ? 3 : 2;
                if (at_ >= text_.size()) fail("unexpected end");
            } else {
                return;
            }
        }
    }

    Value value() {
        blanks();
        const char c = here();
        if (c == '(' || c == '[' || c == '{') {
            if (++open_ > max_depth) raise("RecursionError", "a literal nested too deeply");
            ++at_;
            const Value out = c == '{' ? braces() : list(c == '(' ? ')' : ']');
            --open_;
            return out;
        }
        if (c == '+' || c == '-') return number();
        if (digit(c) || (c == '.' && digit(here(1)))) return number();
        if (string_begins() != 0) return strings();
        std::size_t n = 0;
        while (letter(here(n))) ++n;
        const std::string_view word = text_.substr(at_, n);
        if (word.empty()) fail("invalid syntax");
        at_ += n;
        if (word == "None") return {};
        if (word == "True") return true;
        if (word == "False") return false;
        if (word == "set") { // the one call that is a literal: an empty set has no other
            blanks();
            if (skip('(')) {
                ++open_;
                blanks();
                --open_;
                if (skip(')')) return {Kind::set, heap_.make<Dict>()};
            }
        }
        raise("ValueError",
              cat("malformed literal: ", printable(word.substr(0, 60)), " is no value"));
    }

    Value list(char end) {
        std::vector<Value> items;
        bool comma = false;
        for (;;) {
            blanks();
            if (skip(end)) break;
            if (!items.empty() && !comma) fail("a comma or a closing bracket is missing");
            heap_.spend(sizeof(Value));
            items.push_back(value());
            blanks();
            comma = skip(',');
        }
        if (end == ']') return heap_.list(std::move(items));
        return items.size() == 1 && !comma ? items[0] : heap_.tuple(std::move(items));
    }

    Value braces() {
        const Value dict = heap_.dict(), set(Kind::set, heap_.make<Dict>());
        bool comma = true, pairs = true;
        for (std::size_t n = 0;; ++n) {
            blanks();
            if (skip('}')) return pairs ? dict : set;
            if (!comma) fail("a comma or a closing brace is missing");
            const Value key = value();
            blanks();
            const bool pair = here() == ':';
            if (n == 0) pairs = pair;
            if (pair != pairs) fail("invalid syntax");
            if (pair) ++at_;
            put(heap_, (pairs ? dict : set).as<Dict>(), key, pair ? value() : Value());
            blanks();
            comma = skip(',');
        }
    }

    Value number() {
        bool negative = false, sign = false;
        while (here() == '+' || here() == '-') {
            if (sign)
                raise("ValueError", "malformed literal: more than one sign"); // as literal_eval()
            sign = true;
            negative = here() == '-';
            ++at_;
            blanks();
        }
        const std::size_t begin = at_;
        if (here() == '0' && std::string_view("xXoObB").find(here(1)) != std::string_view::npos &&
            here(1) != '\0') {
            at_ += 2;
            while (letter(here())) ++at_;
        } else {
            const auto digits = [&] {
                while (digit(here()) ||
                       (here() == '_' && at_ > begin && digit(text_[at_ - 1]) && digit(here(1))))
                    ++at_;
            };
            digits();
            if (here() == '.') {
                ++at_;
                digits();
            }
            const std::size_t sign_of_exponent = here(1) == '+' || here(1) == '-' ? 1 : 0;
            if (at_ > begin && (here() == 'e' || here() == 'E') &&
                digit(here(1 + sign_of_exponent))) {
                at_ += 1 + sign_of_exponent;
                digits();
            }
        }
        if (at_ == begin) raise("ValueError", "malformed literal: a sign without a number");
        if (here() == 'j' || here() == 'J') raise("NotSupported", "complex numbers");
        if (letter(here())) fail("invalid decimal literal");
        const std::string word(text_.substr(begin, at_ - begin));
        blanks();
        if (here() == '+' || here() == '-')
            raise("ValueError", "malformed literal: a sum"); // 1+2j alone would be one
        if (word.find_first_of(".eE") != std::string::npos &&
            word.find_first_of("xX") == std::string::npos) {
            const double r = parse_real(word);
            return negative ? -r : r;
        }
        try {
            const Value v = parse_integer(negative ? cat("-", word) : word, 0);
            return v;
        } catch (const Failure& e) {
            if (e.type == "ValueError") fail("invalid number");
            throw;
        }
    }

    // Letters in front of the quote of a string that begins here, and one more; 0: none begins here.
    [[nodiscard]] std::size_t string_begins() const {
        std::size_t n = 0;
        while (n < 2 && here(n) != '\0' &&
               std::string_view("bBrRuU").find(here(n)) != std::string_view::npos)
            ++n;
        if (here(n) != '\'' && here(n) != '"') return 0;
        if (n == 2) { // only r and b go together
            const char a = static_cast<char>(here() | 0x20), b = static_cast<char>(here(1) | 0x20);
            if (!((a == 'r' && b == 'b') || (a == 'b' && b == 'r'))) return 0;
        }
        return n + 1;
    }

    // One, or several that stand next to each other.
    Value strings() {
        std::string all;
        bool bytes = false, first = true;
        for (std::size_t n = 0; (n = string_begins()) != 0; blanks()) {
            bool raw = false, is_bytes = false;
            for (; n > 1; --n, ++at_) {
                raw = raw || (here() | 0x20) == 'r';
                is_bytes = is_bytes || (here() | 0x20) == 'b';
            }
            if (!first && is_bytes != bytes) fail("cannot mix bytes and nonbytes literals");
            bytes = is_bytes;
            first = false;
            string(all, raw, bytes);
        }
        return bytes ? heap_.bytes(std::move(all)) : heap_.text(std::move(all));
    }

    void string(std::string& out, bool raw, bool bytes) {
        const char quote = here();
        const std::string three(3, quote);
        const bool triple = text_.substr(at_).starts_with(three);
        at_ += triple ? 3 : 1;
        for (;;) {
            if (at_ >= text_.size()) fail("unterminated string literal");
            const char c = text_[at_];
            if (triple ? text_.substr(at_).starts_with(three) : c == quote) {
                at_ += triple ? 3 : 1;
                return;
            }
            if (!triple && line_end()) fail("unterminated string literal");
            if (bytes && static_cast<signed char>(c) < 0)
                fail("bytes can only contain ASCII literal characters");
            if (c == '\\') {
                escape(out, raw, bytes);
            } else if (c == '\r') { // line ends of all kinds are one, as in a program
                out += '\n';
                at_ += here(1) == '\n' ? 2 : 1;
            } else {
                out += c;
                ++at_;
            }
        }
    }

    void escape(std::string& out, bool raw, bool bytes) {
        const char e = here(1);
        if (at_ + 1 >= text_.size()) fail("unterminated string literal");
        if (raw) {
            out += '\\';
            if (e == '\r') {
                out += '\n';
                at_ += here(2) == '\n' ? 3 : 2;
                return;
            }
            if (bytes && static_cast<signed char>(e) < 0)
                fail("bytes can only contain ASCII literal characters");
            out += e; // a quote behind it stays as well
            at_ += 2;
            return;
        }
        at_ += 2;
        constexpr std::string_view names = "\\'\"abfnrtv", are = "\\'\"\a\b\f\n\r\t\v";
        if (const std::size_t i = names.find(e); i != std::string_view::npos) {
            out += are[i];
        } else if (e == '\n') {
            // the line goes on
        } else if (e == '\r') {
            if (here() == '\n') ++at_;
        } else if (e >= '0' && e <= '7') {
            unsigned n = static_cast<unsigned>(e - '0');
            for (int more = 0; more < 2 && here() >= '0' && here() <= '7'; ++more, ++at_)
                n = n * 8 + static_cast<unsigned>(here() - '0');
            point(out, bytes ? n & 0xff : n, bytes);
        } else if (e == 'x' || (!bytes && (e == 'u' || e == 'U'))) {
            const std::size_t digits = e == 'x' ? 2 : e == 'u' ? 4 : 8;
            const std::string_view word = text_.substr(std::min(at_, text_.size()), digits);
            if (word.size() < digits ||
                word.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
                fail(cat("truncated \\", e, " escape"));
            at_ += digits;
            point(out, static_cast<char32_t>(std::stoul(std::string(word), nullptr, 16)), bytes);
        } else if (e == 'N' && !bytes) {
            raise("NotSupported", "characters by their names (\\N) in a literal");
        } else { // Python warns, and keeps both
            out += '\\';
            if (bytes && static_cast<signed char>(e) < 0)
                fail("bytes can only contain ASCII literal characters");
            out += e;
        }
    }

    void point(std::string& out, char32_t p, bool bytes) const {
        if (bytes) {
            out += static_cast<char>(p);
            return;
        }
        if (p > 0x10ffff) fail("illegal Unicode character");
        if (p >= 0xd800 && p < 0xe000) raise("NotSupported", "half of a surrogate pair");
        append_code_point(out, p);
    }

    Heap& heap_;
    std::string_view text_;
    std::size_t at_ = 0;
    int open_ = 0; // brackets
};

} // namespace

Value parse_literal(Heap& heap, std::string_view text) {
    if (!valid_utf8(text)) raise("SyntaxError", "a literal is not UTF-8");
    if (text.find('\0') != std::string_view::npos) raise("SyntaxError", "a literal with a NUL");
    return Reader(heap, text).document();
}

} // namespace rs::tmpl
