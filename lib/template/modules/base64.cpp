// SPDX-License-Identifier: Apache-2.0
// base64: from bytes to bytes, as Python; what is no letter of it is passed over when reading.
#include "base/text.hpp"
#include "template/modules/modules.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string encoded(std::string_view bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t k) {
            return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U;
        };
        const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
        out += letters[group >> 18];
        out += letters[group >> 12 & 63];
        out += i + 1 < bytes.size() ? letters[group >> 6 & 63] : '=';
        out += i + 2 < bytes.size() ? letters[group & 63] : '=';
    }
    return out;
}

std::string decoded(std::string_view text) {
    std::string out;
    unsigned group = 0, pads = 0;
    std::size_t in_group = 0, all = 0;
    for (const char c : text) {
        if (c == '=') {
            if (in_group >= 2 && in_group + ++pads >= 4) return out; // what follows is not read
            continue;
        }
        const std::size_t value = letters.find(c);
        if (value == std::string_view::npos) continue;
        pads = 0;
        ++all;
        group = group << 6 | static_cast<unsigned>(value);
        if (in_group > 0) out += static_cast<char>(group >> (6 - 2 * in_group));
        in_group = (in_group + 1) % 4;
    }
    if (in_group == 1)
        raise("binascii.Error", cat("Invalid base64-encoded string: number of data characters (",
                                    all, ") cannot be 1 more than a multiple of 4"));
    if (in_group != 0) raise("binascii.Error", "Incorrect padding");
    return out;
}

std::string_view bytes_of(const Value& v) {
    must_be_defined(v);
    if (!v.is(ValueKind::bytes))
        raise("TypeError", cat("a bytes-like object is required, not '", type_name(v), "'"));
    return v.text();
}

std::string_view bytes_or_ascii(const Value& v) {
    must_be_defined(v);
    if (v.is(ValueKind::text)) {
        if (!v.as<Text>().ascii)
            raise("ValueError", "string argument should contain only ASCII characters");
        return v.text();
    }
    if (!v.is(ValueKind::bytes))
        raise("TypeError", cat("argument should be a bytes-like object or ASCII string, not '",
                               type_name(v), "'"));
    return v.text();
}

std::string exchanged(std::string text, std::string_view from, std::string_view to) {
    for (char& c : text)
        if (const std::size_t i = from.find(c); i != std::string_view::npos) c = to[i];
    return text;
}

Value b64encode(Call& c) {
    const auto a = c.bind({"s", "altchars"}, 1);
    const std::string out = encoded(bytes_of(*a[0]));
    if (!given(a[1])) return c.heap.bytes(out);
    const std::string_view other = bytes_of(*a[1]);
    if (other.size() != 2) raise("AssertionError", repr(*a[1]));
    return c.heap.bytes(exchanged(out, "+/", other));
}

Value b64decode(Call& c) {
    const auto a = c.bind({"s", "altchars", "validate"}, 1);
    if (a[2] != nullptr && truth(*a[2])) raise("NotSupported", "base64.b64decode() with validate");
    const std::string_view text = bytes_or_ascii(*a[0]);
    if (!given(a[1])) return c.heap.bytes(decoded(text));
    const std::string_view other = bytes_or_ascii(*a[1]);
    if (other.size() != 2) raise("AssertionError", repr(*a[1]));
    return c.heap.bytes(decoded(exchanged(std::string(text), other, "+/")));
}

constexpr Function functions[] = {
    {"b64decode", b64decode},
    {"b64encode", b64encode},
    {"standard_b64decode",
     [](Call& c) { return c.heap.bytes(decoded(bytes_or_ascii(*c.bind({"s"}, 1)[0]))); }},
    {"standard_b64encode",
     [](Call& c) { return c.heap.bytes(encoded(bytes_of(*c.bind({"s"}, 1)[0]))); }},
    {"urlsafe_b64decode",
     [](Call& c) {
         return c.heap.bytes(
             decoded(exchanged(std::string(bytes_or_ascii(*c.bind({"s"}, 1)[0])), "-_", "+/")));
     }},
    {"urlsafe_b64encode",
     [](Call& c) {
         return c.heap.bytes(exchanged(encoded(bytes_of(*c.bind({"s"}, 1)[0])), "+/", "-_"));
     }},
};
constexpr const char* others = "only base 64 is there";
constexpr Refusal refusals[] = {
    {"b16decode", others}, {"b16encode", others}, {"b32decode", others},   {"b32encode", others},
    {"a85encode", others}, {"b85encode", others}, {"encodebytes", others}, {"decodebytes", others}};

} // namespace

Value module_base64(Interpreter& in) { return make_module(in, "base64", functions, refusals); }

} // namespace rs::tmpl
