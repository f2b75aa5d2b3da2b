// SPDX-License-Identifier: Apache-2.0
#include "template/syntax/lexer.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

namespace {

using Type = Token::Type;

bool digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
public:
    explicit Lexer(const Source& source) : source_(source), text_(source.text) {}

    std::vector<Token> run() {
        while (at_ < text_.size()) data();
        push(Type::end, "", at_);
        return std::move(out_);
    }

private:
    [[noreturn]] void bad(std::size_t at, const std::string& why, std::string hint = {}) const {
        fail_at(source_, at, why, std::move(hint));
    }
    [[nodiscard]] bool here(std::string_view word, std::size_t at) const {
        return text_.substr(at).starts_with(word);
    }
    void push(Type type, std::string value, std::size_t at) {
        out_.push_back({type, std::move(value), at});
    }

    void skip_blanks() { at_ += leading_blanks(text_.substr(at_)); }

    // Data up to the next delimiter, and what begins there.
    void data() {
        const std::size_t start = at_;
        std::size_t next = start;
        for (;; ++next) {
            next = text_.find('{', next);
            if (next == std::string_view::npos || next + 1 >= text_.size()) {
                next = text_.size();
                break;
            }
            const char c = text_[next + 1];
            if (c == '{' || c == '%' || c == '#') break;
        }
        std::string_view plain = text_.substr(start, next - start);
        at_ = next;
        if (next < text_.size()) {
            const char mark = next + 2 < text_.size() ? text_[next + 2] : ' ';
            if (mark == '-') plain = plain.substr(0, plain.size() - trailing_blanks(plain));
        }
        if (!plain.empty()) push(Type::data, std::string(plain), start);
        if (next == text_.size()) return;
        const std::size_t open = at_;
        const char kind = text_[at_ + 1];
        at_ += 2;
        if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+')) ++at_;
        if (kind == '#')
            comment(open);
        else if (kind == '{')
            expression(open, Type::variable_begin, Type::variable_end, "}}");
        else if (!raw(open))
            expression(open, Type::block_begin, Type::block_end, "%}");
    }

    // Behind the end of a tag: with a -, blanks go.
    void close(std::size_t end, std::size_t size, bool strip) {
        at_ = end + size;
        if (strip) skip_blanks();
    }

    void comment(std::size_t open) {
        const std::size_t end = text_.find("#}", at_);
        if (end == std::string_view::npos)
            bad(open, "the comment does not end", "a comment ends with #}");
        close(end, 2, text_[end - 1] == '-' && end > at_ - 1 && end - 1 >= open + 2);
    }

    // "{% raw %}": its content is data. False if it is another tag.
    bool raw(std::size_t open) {
        std::size_t p = at_ + leading_blanks(text_.substr(at_));
        if (!here("raw", p)) return false;
        p += 3;
        p += leading_blanks(text_.substr(p));
        bool strip = false;
        if (here("-%}", p)) {
            strip = true;
            p += 3;
        } else if (here("%}", p)) {
            p += 2;
        } else {
            return false;
        }
        if (strip) p += leading_blanks(text_.substr(p));
        const std::size_t start = p;
        for (std::size_t q = text_.find("{%", p); q != std::string_view::npos;
             q = text_.find("{%", q + 1)) {
            std::size_t r = q + 2;
            const bool strip_before = r < text_.size() && text_[r] == '-';
            if (r < text_.size() && (text_[r] == '-' || text_[r] == '+')) ++r;
            r += leading_blanks(text_.substr(r));
            if (!here("endraw", r)) continue;
            r += 6;
            r += leading_blanks(text_.substr(r));
            const bool strip_after = here("-%}", r);
            if (strip_after || here("+%}", r)) ++r;
            if (!here("%}", r)) continue;
            std::string_view inside = text_.substr(start, q - start);
            if (strip_before) inside = inside.substr(0, inside.size() - trailing_blanks(inside));
            if (!inside.empty()) push(Type::data, std::string(inside), start);
            close(r, 2, strip_after);
            return true;
        }
        bad(open, "the raw block does not end", "it ends with {% endraw %}");
    }

    void expression(std::size_t open, Type begin, Type end, std::string_view closing) {
        push(begin, "", open);
        std::vector<char> open_brackets;
        for (;;) {
            skip_blanks();
            if (at_ >= text_.size()) bad(open, cat("the tag does not end with ", closing));
            if (open_brackets.empty()) {
                const bool strip = text_[at_] == '-' && here(closing, at_ + 1);
                const bool plus =
                    end == Type::block_end && text_[at_] == '+' && here(closing, at_ + 1);
                if (strip || plus || here(closing, at_)) {
                    const std::size_t from = at_ + (strip || plus ? 1 : 0);
                    push(end, "", at_);
                    close(from, 2, strip);
                    return;
                }
            }
            token(open_brackets);
        }
    }

    void token(std::vector<char>& open_brackets) {
        const std::size_t start = at_;
        const char c = text_[at_];
        if (digit(c)) return number();
        if (c == '\'' || c == '"') return quoted();
        if (const std::size_t n = identifier_length(text_.substr(at_)); n > 0) {
            at_ += n;
            push(Type::name, std::string(text_.substr(start, n)), start);
            return;
        }
        static constexpr std::string_view two[] = {"//", "**", "==", "!=", ">=", "<="};
        for (const std::string_view o : two)
            if (here(o, at_)) {
                at_ += 2;
                push(Type::op, std::string(o), start);
                return;
            }
        if (std::string_view("+-/*%~[](){}<>=.:|,;").find(c) == std::string_view::npos)
            bad(start,
                cat("unexpected character '", printable(split_first(text_.substr(at_))), "'"));
        if (c == '(' || c == '[' || c == '{')
            open_brackets.push_back(c == '(' ? ')' : c == '[' ? ']' : '}');
        if (c == ')' || c == ']' || c == '}') {
            if (open_brackets.empty()) bad(start, cat("unexpected '", c, "'"));
            if (open_brackets.back() != c)
                bad(start, cat("unexpected '", c, "', expected '", open_brackets.back(), "'"));
            open_brackets.pop_back();
        }
        ++at_;
        push(Type::op, std::string(1, c), start);
    }

    // Digits with single _ between them.
    std::size_t digits(std::size_t p, bool (*in)(char)) const {
        const std::size_t start = p;
        while (p < text_.size() &&
               (in(text_[p]) || (text_[p] == '_' && p > start && p + 1 < text_.size() &&
                                 in(text_[p + 1]) && text_[p - 1] != '_')))
            ++p;
        return p - start;
    }

    void number() {
        const std::size_t start = at_;
        const auto decimal = [](char c) { return digit(c); };
        if (text_[at_] == '0' && at_ + 1 < text_.size()) {
            const char base = static_cast<char>(text_[at_ + 1] | 0x20);
            bool (*in)(char) = nullptr;
            if (base == 'x')
                in = [](char c) { return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); };
            if (base == 'o') in = [](char c) { return c >= '0' && c <= '7'; };
            if (base == 'b') in = [](char c) { return c == '0' || c == '1'; };
            if (in != nullptr) {
                std::size_t p = at_ + 2;
                if (p < text_.size() && text_[p] == '_') ++p;
                if (const std::size_t n = digits(p, in); n > 0) {
                    at_ = p + n;
                    push(Type::integer, without_underscores(start, at_), start);
                    return;
                }
            }
        }
        std::size_t p = at_ + digits(at_, decimal);
        bool real = false;
        if (p + 1 < text_.size() && text_[p] == '.' && digit(text_[p + 1])) {
            p += 1;
            p += digits(p, decimal);
            real = true;
        }
        if (p < text_.size() && (text_[p] | 0x20) == 'e') {
            std::size_t q = p + 1;
            if (q < text_.size() && (text_[q] == '+' || text_[q] == '-')) ++q;
            if (q < text_.size() && digit(text_[q])) {
                p = q + digits(q, decimal);
                real = true;
            }
        }
        if (!real && text_[start] == '0' &&
            text_.substr(start, p - start).find_first_not_of("0_") != std::string_view::npos)
            bad(start, "a number does not begin with 0");
        at_ = p;
        push(real ? Type::real : Type::integer, without_underscores(start, p), start);
    }

    [[nodiscard]] std::string without_underscores(std::size_t from, std::size_t to) const {
        std::string out(text_.substr(from, to - from));
        std::erase(out, '_');
        return out;
    }

    void quoted() {
        const std::size_t start = at_;
        const char quote = text_[at_++];
        std::string out;
        for (;;) {
            if (at_ >= text_.size())
                bad(start, "the text does not end", cat("it ends with ", quote));
            const char c = text_[at_++];
            if (c == quote) break;
            if (c != '\\') {
                out += c;
                continue;
            }
            if (at_ >= text_.size()) bad(start, "the text does not end");
            escape(out);
        }
        push(Type::text, std::move(out), start);
    }

    // Python's escapes; of an unknown one the backslash stays.
    void escape(std::string& out) {
        const std::size_t start = at_ - 1;
        const char c = text_[at_++];
        static constexpr std::string_view from = "abfnrtv\\'\"", to = "\a\b\f\n\r\t\v\\'\"";
        if (const std::size_t i = from.find(c); i != std::string_view::npos) {
            out += to[i];
            return;
        }
        if (c == '\n') return;
        if (c >= '0' && c <= '7') {
            unsigned value = static_cast<unsigned>(c - '0');
            for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7';
                 ++i)
                value = value * 8 + static_cast<unsigned>(text_[at_++] - '0');
            append_code_point(out, value);
            return;
        }
        const std::size_t count = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (c == 'N')
            bad(start, "names of characters (\\N) are not supported",
                "write the character itself, or \\u and its number");
        if (count == 0) {
            out += '\\';
            out += c;
            return;
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const char h = at_ < text_.size()
                               ? static_cast<char>(text_[at_] | (digit(text_[at_]) ? 0 : 0x20))
                               : ' ';
            if (!digit(h) && (h < 'a' || h > 'f'))
                bad(start, cat("\\", c, " needs ", count, " hexadecimal digits"));
            value = value * 16 + static_cast<std::uint64_t>(digit(h) ? h - '0' : h - 'a' + 10);
            ++at_;
        }
        if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
            bad(start, "not a character that UTF-8 can hold");
        append_code_point(out, static_cast<char32_t>(value));
    }

    const Source& source_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Token> out_;
};

} // namespace

std::vector<Token> tokenize(const Source& source) { return Lexer(source).run(); }

} // namespace rs::tmpl
