// SPDX-License-Identifier: Apache-2.0
// text % values.
#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "template/interpreter.hpp"
#include "template/text/format.hpp"
#include "template/text/spec.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

class Operands {
public:
    explicit Operands(const Value& value) : value_(value), many_(value.is(ValueKind::tuple)) {}
    const Value& next() {
        if (many_) {
            if (at_ >= value_.items().size())
                raise("TypeError", "not enough arguments for format string");
            return value_.items()[at_++];
        }
        if (at_++ > 0) raise("TypeError", "not enough arguments for format string");
        return value_;
    }
    const Value& named(Heap& heap, const std::string& key) {
        named_ = true;
        must_be_defined(value_);
        if (!value_.is(ValueKind::dict)) raise("TypeError", "format requires a mapping");
        const Value* const v = find(value_.as<Dict>(), heap.text(key));
        if (v == nullptr) raise("KeyError", repr_text(key));
        return *v;
    }
    void finish() const {
        const bool all = many_ ? at_ >= value_.items().size()
                               : at_ > 0 || named_ || value_.is(ValueKind::dict) ||
                                     value_.is(ValueKind::list) || value_.is(ValueKind::range) ||
                                     value_.is(ValueKind::bytes) || value_.is(ValueKind::undefined);
        if (!all) raise("TypeError", "not all arguments converted during string formatting");
    }

private:
    const Value& value_;
    bool many_, named_ = false;
    std::size_t at_ = 0;
};

std::int64_t whole_number(const Value& v, char type) {
    if (v.is_int()) return v.integer();
    if (v.is(ValueKind::real) && (type == 'd' || type == 'i' || type == 'u')) {
        if (std::isnan(v.real())) raise("ValueError", "cannot convert float NaN to integer");
        if (std::isinf(v.real()))
            raise("OverflowError", "cannot convert float infinity to integer");
        if (std::abs(v.real()) >= 9.2e18) raise("OverflowError", "an integer beyond 64 bits");
        return static_cast<std::int64_t>(v.real());
    }
    const bool decimal = type == 'd' || type == 'i' || type == 'u';
    raise("TypeError", cat("%", type, " format: ", decimal ? "a real number" : "an integer",
                           " is required, not ", type_name(v)));
}

} // namespace

std::string ascii(std::string_view shown) {
    std::string out;
    for (const std::string& c : split_characters(shown)) {
        const char32_t point = code_point(c);
        char escaped[16];
        const char* const how = point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x";
        std::snprintf(escaped, sizeof escaped, how, static_cast<unsigned>(point));
        out += c.size() == 1 ? c : escaped;
    }
    return out;
}

std::string format_percent(Interpreter& in, std::string_view pattern, const Value& value,
                           bool markup) {
    Operands operands(value);
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            out += pattern[i];
            continue;
        }
        const auto incomplete = [&] { raise("ValueError", "incomplete format"); };
        const std::size_t start = i;
        if (++i >= pattern.size()) incomplete();
        std::optional<std::string> key;
        if (pattern[i] == '(') {
            int open = 1;
            std::size_t end = i + 1;
            for (; end < pattern.size(); ++end) {
                if (pattern[end] == '(') ++open;
                if (pattern[end] == ')' && --open == 0) break;
            }
            if (open > 0) raise("ValueError", "incomplete format key");
            key = std::string(pattern.substr(i + 1, end - i - 1));
            i = end + 1;
        }
        Spec s;
        bool left = false, zero = false;
        for (; i < pattern.size(); ++i) {
            const char c = pattern[i];
            if (c == '-')
                left = true;
            else if (c == '0')
                zero = true;
            else if (c == '+')
                s.sign = '+';
            else if (c == ' ')
                s.sign = s.sign == '+' ? '+' : ' ';
            else if (c == '#')
                s.alternate = true;
            else
                break;
        }
        const auto number = [&](std::int64_t& to) {
            if (i < pattern.size() && pattern[i] == '*') {
                ++i;
                const Value& v = operands.next();
                if (!v.is_int()) raise("TypeError", "* wants int");
                to = v.integer();
                return;
            }
            to = 0;
            for (; i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9'; ++i)
                to = std::min(max_width + 1, to * 10 + (pattern[i] - '0'));
        };
        number(s.width);
        if (s.width < 0) {
            left = true;
            s.width = -s.width;
        }
        if (i < pattern.size() && pattern[i] == '.') {
            ++i;
            number(s.precision);
            s.precision = std::max<std::int64_t>(0, s.precision);
        }
        if (s.width > max_width || s.precision > max_width) raise("ValueError", "width too big");
        while (i < pattern.size() && (pattern[i] == 'l' || pattern[i] == 'h' || pattern[i] == 'L'))
            ++i;
        if (i >= pattern.size()) incomplete();
        const char type = pattern[i];
        if (type == '%' && i == start + 1) { // %5% is another thing
            out += '%';
            continue;
        }
        const Value& v = key ? operands.named(in.heap(), *key) : operands.next();
        if (type != 'r' && type != 'a' && !(type == 's' && v.is(ValueKind::undefined)))
            must_be_defined(v);
        s.align = left ? '<' : '>';
        switch (type) {
        case 's':
        case 'r':
        case 'a': {
            const bool plain =
                !markup || (v.is(ValueKind::text) && v.as<Text>().markup && type == 's');
            std::string said = type == 's' ? str(v) : type == 'r' ? repr(v) : ascii(repr(v));
            Value shown = in.heap().text(std::move(said));
            if (!plain) shown = in.heap().text(std::string(escape(in.heap(), shown).text()));
            if (s.precision >= 0)
                shown =
                    in.heap().text(slice_text(shown, 0, std::min(s.precision, characters(shown))));
            out += pad(s, std::string(shown.text()), 0, '>');
            break;
        }
        case 'c': {
            std::string one;
            if (v.is_int() && (v.integer() < 0 || v.integer() > 0x10ffff))
                raise("OverflowError", "%c arg not in range(0x110000)");
            if (v.is_int())
                append_code_point(one, static_cast<char32_t>(v.integer()));
            else if (v.is(ValueKind::text) && characters(v) == 1)
                one = v.text();
            else
                raise("TypeError", "%c requires int or char");
            out += pad(s, one, 0, '>');
            break;
        }
        case 'd':
        case 'i':
        case 'u':
        case 'x':
        case 'X':
        case 'o': {
            const std::int64_t n = whole_number(v, type);
            const int base = type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
            std::string digits = in_base(n, base, type == 'X');
            if (digits[0] == '-') digits.erase(0, 1);
            if (static_cast<std::int64_t>(digits.size()) < s.precision)
                digits.insert(0, static_cast<std::size_t>(s.precision) - digits.size(), '0');
            std::string sign = sign_of(n < 0, s.sign);
            if (s.alternate && base != 10) sign += cat("0", type);
            if (zero && !left) {
                s.fill = "0";
                s.align = '=';
            }
            out += pad(s, sign + digits, sign.size(), '>');
            break;
        }
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G': {
            if (!v.is_number()) raise("TypeError", cat("must be real number, not ", type_name(v)));
            const double d = v.as_real();
            const std::string sign = sign_of(std::signbit(d) && !std::isnan(d), s.sign);
            if (zero && !left) {
                s.fill = "0";
                s.align = '=';
            }
            out += pad(s,
                       sign + real_digits(std::abs(d), type, s.precision < 0 ? 6 : s.precision,
                                          s.alternate),
                       sign.size(), '>');
            break;
        }
        default:
            raise("ValueError", cat("unsupported format character '",
                                    printable(std::string(1, type)), "' at index ", i));
        }
    }
    operands.finish();
    return out;
}

} // namespace rs::tmpl
