// SPDX-License-Identifier: Apache-2.0
#include "template/text/urls.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "template/text/unicode.hpp"
#include "template/values/value.hpp"

namespace rs::tmpl::url {

namespace {

template <std::size_t N>
bool in(const std::array<std::string_view, N>& list, std::string_view scheme) {
    return std::find(list.begin(), list.end(), scheme) != list.end();
}
// Which schemes have what, as Python 3.11 has them in its tables; "" is a URL without scheme.
constexpr std::array<std::string_view, 19> with_relative = {
    "",    "ftp",      "http", "gopher", "nntp", "imap", "wais",    "file", "https", "shttp",
    "mms", "prospero", "rtsp", "rtspu",  "sftp", "svn",  "svn+ssh", "ws",   "wss"};
constexpr std::array<std::string_view, 25> with_netloc = {
    "",        "ftp",   "http",  "gopher", "nntp",     "telnet", "imap",  "wais",  "file",
    "mms",     "https", "shttp", "snews",  "prospero", "rtsp",   "rtspu", "rsync", "svn",
    "svn+ssh", "sftp",  "nfs",   "git",    "git+ssh",  "ws",     "wss"};
constexpr std::array<std::string_view, 15> with_params = {
    "",     "ftp",   "hdl", "prospero", "http", "imap", "https", "shttp",
    "rtsp", "rtspu", "sip", "sips",     "mms",  "sftp", "tel"};

bool ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool ascii_digit(char c) { return c >= '0' && c <= '9'; }

std::string without(std::string_view text, std::string_view chars) {
    std::string out(text);
    std::erase_if(out, [&](char c) { return chars.find(c) != std::string_view::npos; });
    return out;
}

bool control_or_blank(char c) { return static_cast<unsigned char>(c) <= 0x20; }

[[noreturn]] void bad_address() { raise("ValueError", "Invalid IPv6 URL"); }

// What stands between brackets: an IPv6 address, with a zone or not, or one of a future kind.
void check_bracketed(std::string_view host) {
    if (host.starts_with('v')) {
        const std::size_t dot = host.find('.');
        const std::string_view version =
            host.substr(1, dot == std::string_view::npos ? dot : dot - 1);
        if (dot == std::string_view::npos || version.empty() || dot + 1 == host.size() ||
            version.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos ||
            host.find('\n') != std::string_view::npos)
            raise("ValueError", "IPvFuture address is invalid");
        return;
    }
    std::string_view address = host;
    if (const std::size_t zone = host.find('%'); zone != std::string_view::npos) {
        address = host.substr(0, zone);
        if (zone + 1 == host.size() || host.find('%', zone + 1) != std::string_view::npos)
            bad_address();
    }
    in6_addr parsed;
    if (::inet_pton(AF_INET6, std::string(address).c_str(), &parsed) != 1 ||
        address.find('\0') != std::string_view::npos)
        raise("ValueError", cat(repr_text(host), " does not appear to be an IPv4 or IPv6 address"));
}

void check_netloc(std::string_view netloc) {
    const bool opens = netloc.find('[') != std::string_view::npos,
               closes = netloc.find(']') != std::string_view::npos;
    if (opens != closes) bad_address();
    if (opens) {
        const std::string_view host = netloc.substr(netloc.rfind('@') + 1);
        const std::size_t open = host.find('[');
        if (open == std::string_view::npos) { // the brackets are in the name of the user
            check_bracketed(host.substr(0, host.find(':')));
        } else {
            if (open > 0) bad_address();
            const std::size_t close = host.find(']');
            if (close != std::string_view::npos && close + 1 < host.size() &&
                host[close + 1] != ':')
                bad_address();
            check_bracketed(host.substr(1, close == std::string_view::npos ? close : close - 1));
        }
    }
    // Python refuses characters that become / ? # @ : when they are normalized, which needs tables that are not here.
    if (std::any_of(netloc.begin(), netloc.end(),
                    [](char c) { return static_cast<signed char>(c) < 0; }))
        raise("NotSupported", "a URL whose host is not ASCII");
}

std::vector<std::string> split_slashes(std::string_view path) {
    std::vector<std::string> out;
    for (;;) {
        const std::size_t at = path.find('/');
        out.emplace_back(path.substr(0, at));
        if (at == std::string_view::npos) return out;
        path.remove_prefix(at + 1);
    }
}

int hex_value(char c) {
    return ascii_digit(c)         ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

} // namespace

Parts split(std::string_view given, std::string_view given_scheme, bool fragments) {
    while (!given.empty() && control_or_blank(given.front())) given.remove_prefix(1);
    while (!given_scheme.empty() && control_or_blank(given_scheme.front()))
        given_scheme.remove_prefix(1);
    while (!given_scheme.empty() && control_or_blank(given_scheme.back()))
        given_scheme.remove_suffix(1);
    std::string url = without(given, "\t\r\n");
    Parts out;
    out.scheme = without(given_scheme, "\t\r\n");
    const std::size_t colon = url.find(':');
    if (colon != std::string::npos && colon > 0 && ascii_letter(url[0]) &&
        std::all_of(url.begin(), url.begin() + static_cast<std::ptrdiff_t>(colon), [](char c) {
            return ascii_letter(c) || ascii_digit(c) || c == '+' || c == '-' || c == '.';
        })) {
        out.scheme = lower(url.substr(0, colon));
        url.erase(0, colon + 1);
    }
    if (url.starts_with("//")) {
        const std::size_t end = std::min(url.find_first_of("/?#", 2), url.size());
        out.netloc = url.substr(2, end - 2);
        url.erase(0, end);
        check_netloc(out.netloc);
    }
    const auto cut = [&](char c, std::string& rest) {
        const std::size_t at = url.find(c);
        if (at == std::string::npos) return;
        rest = url.substr(at + 1);
        url.erase(at);
    };
    if (fragments) cut('#', out.fragment);
    cut('?', out.query);
    out.path = std::move(url);
    return out;
}

Parts parse(std::string_view url, std::string_view scheme, bool fragments) {
    Parts out = split(url, scheme, fragments);
    if (!in(with_params, out.scheme)) return out;
    // Only of the last part of the path.
    const std::size_t slash = out.path.rfind('/');
    const std::size_t at = out.path.find(';', slash == std::string::npos ? 0 : slash);
    if (at != std::string::npos) {
        out.params = out.path.substr(at + 1);
        out.path.erase(at);
    }
    return out;
}

std::string unsplit(const Parts& p) {
    std::string url = p.params.empty() ? p.path : cat(p.path, ";", p.params);
    if (!p.netloc.empty() ||
        (!p.scheme.empty() && in(with_netloc, p.scheme) && !url.starts_with("//"))) {
        if (!url.empty() && !url.starts_with('/')) url.insert(0, 1, '/');
        url = cat("//", p.netloc, url);
    }
    if (!p.scheme.empty()) url = cat(p.scheme, ":", url);
    if (!p.query.empty()) url += cat("?", p.query);
    if (!p.fragment.empty()) url += cat("#", p.fragment);
    return url;
}

std::string join(std::string_view base, std::string_view url, bool fragments) {
    if (base.empty()) return std::string(url);
    if (url.empty()) return std::string(base);
    const Parts b = parse(base, "", fragments);
    Parts u = parse(url, b.scheme, fragments);
    if (u.scheme != b.scheme || !in(with_relative, u.scheme)) return std::string(url);
    if (in(with_netloc, u.scheme)) {
        if (!u.netloc.empty()) return unsplit(u);
        u.netloc = b.netloc;
    }
    if (u.path.empty() && u.params.empty()) {
        u.path = b.path;
        u.params = b.params;
        if (u.query.empty()) u.query = b.query;
        return unsplit(u);
    }
    std::vector<std::string> segments = split_slashes(u.path);
    if (!u.path.starts_with('/')) {
        std::vector<std::string> all = split_slashes(b.path);
        if (!all.back().empty()) all.pop_back();
        all.insert(all.end(), segments.begin(), segments.end());
        // Two slashes are one, but not at the ends.
        segments.clear();
        for (std::size_t i = 0; i < all.size(); ++i)
            if (i == 0 || i + 1 == all.size() || !all[i].empty()) segments.push_back(all[i]);
    }
    std::vector<std::string> out;
    for (const std::string& s : segments) {
        if (s == "..") {
            if (!out.empty()) out.pop_back();
        } else if (s != ".") {
            out.push_back(s);
        }
    }
    if (segments.back() == "." || segments.back() == "..") out.emplace_back();
    u.path.clear();
    for (std::size_t i = 0; i < out.size(); ++i) u.path += i == 0 ? out[i] : cat("/", out[i]);
    if (u.path.empty()) u.path = "/";
    return unsplit(u);
}

Host host_of(std::string_view netloc) {
    Host out;
    const std::size_t at = netloc.rfind('@');
    if (at != std::string_view::npos) {
        const std::string_view user = netloc.substr(0, at);
        const std::size_t colon = user.find(':');
        out.user = std::string(user.substr(0, colon));
        if (colon != std::string_view::npos) out.password = std::string(user.substr(colon + 1));
    }
    std::string_view rest = at == std::string_view::npos ? netloc : netloc.substr(at + 1), name,
                     port;
    if (const std::size_t open = rest.find('['); open != std::string_view::npos) {
        rest.remove_prefix(open + 1);
        const std::size_t close = rest.find(']');
        name = rest.substr(0, close);
        rest = close == std::string_view::npos ? std::string_view() : rest.substr(close + 1);
    } else {
        name = rest.substr(0, rest.find(':'));
    }
    if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos)
        port = rest.substr(colon + 1);
    if (!port.empty()) out.port = std::string(port);
    if (!name.empty()) { // the zone of an IPv6 address keeps its letters
        const std::size_t zone = std::min(name.find('%'), name.size());
        out.name = lower(name.substr(0, zone)) + std::string(name.substr(zone));
    }
    return out;
}

std::string quote(std::string_view bytes, std::string_view safe) {
    constexpr char hex[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (ascii_letter(c) || ascii_digit(c) ||
            std::string_view("_.-~").find(c) != std::string_view::npos ||
            (byte < 0x80 && safe.find(c) != std::string_view::npos))
            out += c;
        else
            out += cat("%", hex[byte >> 4], hex[byte & 15]);
    }
    return out;
}

std::string unquote_bytes(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = i + 2 < text.size() && text[i] == '%' ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string decode_replacing(std::string_view bytes) {
    const auto continues = [&](std::size_t i, unsigned least = 0x80, unsigned most = 0xbf) {
        const unsigned b = i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
        return b >= least && b <= most;
    };
    std::string out;
    for (std::size_t i = 0; i < bytes.size();) {
        const unsigned a = static_cast<unsigned char>(bytes[i]);
        const std::size_t size = a < 0x80                ? 1
                                 : a >= 0xc2 && a < 0xe0 ? 2
                                 : a >= 0xe0 && a < 0xf0 ? 3
                                 : a >= 0xf0 && a < 0xf5 ? 4
                                                         : 0;
        std::size_t n = size == 0 ? 0 : 1;
        // The second byte is bounded where overlong forms, surrogates and what is beyond Unicode begin.
        if (size > 1 && continues(i + 1,
                                  a == 0xe0   ? 0xa0
                                  : a == 0xf0 ? 0x90
                                              : 0x80,
                                  a == 0xed   ? 0x9f
                                  : a == 0xf4 ? 0x8f
                                              : 0xbf)) {
            n = 2;
            while (n < size && continues(i + n)) ++n;
        }
        if (n == size && size > 0)
            out += bytes.substr(i, n);
        else
            out += "\xef\xbf\xbd";
        i += std::max<std::size_t>(1, n);
    }
    return out;
}

std::string unquote(std::string_view text) {
    std::string out;
    // Between characters beyond ASCII each piece is decoded by itself.
    for (std::size_t i = 0; i < text.size();) {
        std::size_t end = i;
        while (end < text.size() && static_cast<signed char>(text[end]) >= 0) ++end;
        if (end > i) out += decode_replacing(unquote_bytes(text.substr(i, end - i)));
        i = end;
        while (end < text.size() && static_cast<signed char>(text[end]) < 0) ++end;
        out += text.substr(i, end - i);
        i = end;
    }
    return out;
}

} // namespace rs::tmpl::url
