// SPDX-License-Identifier: Apache-2.0
// free-port: a port for a service of the instance, drawn once.
#include "instance/recipes/port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/fd.hpp"
#include "profile/blanks.hpp"
#include "profile/schedule.hpp"

namespace rs::instance {

namespace {

// Nobody listens there, at any address.
bool is_free(unsigned port) {
    const auto bound = [&](int family, const sockaddr* address, socklen_t size) {
        const io::Fd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (!fd) return true; // a machine without this family
        const int on = 1;
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on); // who has just gone is no reason
        if (family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        return ::bind(fd.get(), address, size) == 0 || errno != EADDRINUSE;
    };
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(static_cast<std::uint16_t>(port));
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(static_cast<std::uint16_t>(port));
    return bound(AF_INET, reinterpret_cast<const sockaddr*>(&four), sizeof four) &&
           bound(AF_INET6, reinterpret_cast<const sockaddr*>(&six), sizeof six);
}

std::optional<unsigned> port_in(std::string_view text) {
    const auto port = parse_u64(text);
    if (!port || *port < 1 || *port > 65535) return std::nullopt;
    return static_cast<unsigned>(*port);
}

unsigned required_port(Part& part, std::string_view option, const std::string& text) {
    const auto port = port_in(text);
    if (!port) part.fail(option, "is a number from 1 to 65535");
    return *port;
}

// As own_port() says, which remembers it.
unsigned find_port(Part& part, std::string_view fixed, const std::string& file, Ports range) {
    const std::string given = part.get(fixed);
    if (!given.empty()) return required_port(part, fixed, given);
    if (const auto kept = part.builder.kept(file, cat("[", part.name(), "]"))) {
        const auto words = profile::words(*kept);
        const auto port = words.size() == 1 ? port_in(words[0]) : std::nullopt;
        if (!port) part.fail(fixed, cat(printable(file), ": does not hold a port"), "remove the file, and another one is drawn");
        return *port;
    }
    const unsigned size = range.last - range.first + 1;
    const unsigned own = profile::own_number(cat(part.builder.plan().root(), "/", file), size);
    for (unsigned i = 0; i < size; ++i) {
        const unsigned port = range.first + (own + i) % size;
        if (!part.builder.ports.contains(port) && is_free(port)) return port;
    }
    part.fail(fixed, cat("no port from ", range.first, " to ", range.last, " is free"));
}

} // namespace

unsigned own_port(Part& part, std::string_view fixed, const std::string& file, Ports range) {
    const unsigned port = find_port(part, fixed, file, range);
    part.builder.ports.insert(port);
    return port;
}

void recipe_free_port(Part& part) {
    Ports range;
    const std::string least = part.get("minimum"), most = part.get("maximum");
    if (!least.empty()) range.first = required_port(part, "minimum", least);
    if (!most.empty()) range.last = required_port(part, "maximum", most) - 1; // itself not, as in the original
    if (range.last < range.first || range.last == 0) part.fail("maximum", cat("no port is from ", range.first, " to below ", range.last + 1));
    const std::string file = path_below(part.builder.plan().root(), part.get("storage-path", cat("etc/", part.name(), ".port")),
                                        cat("[", part.name(), "]"));
    const unsigned port = own_port(part, "fixed", file, range);
    part.set("port", cat(port));
    part.builder.plan().file(part.name(), file, cat(port, "\n"));
}

} // namespace rs::instance
