// SPDX-License-Identifier: Apache-2.0
// Where the instances of a replicated service go: which of the parameters that begin with -sla- count for which request.
//
//   -sla-MAGIC-KEY = VALUE     MAGIC: the id of a request, or its name with the id
//
// The rule is that of the original (SlapOS's stack/resilient): what names the request prevails over what names its id,
// key by key, and the order of the parameters does not matter.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sla/parameters.hpp"

namespace rs::sla {

// One request of a replicated service: its base name and id. "runner", 0 is the leader; "pbs", 1 the first backup server.
struct Request {
    std::string base;
    std::uint64_t id = 0;
    [[nodiscard]] std::string name() const;
};

// NAME is the base and the id; false if it does not end with that id, or begins with it.
[[nodiscard]] bool split_name(std::string_view name, std::uint64_t id, Request& out);

// The requests of a service with `count` instances in all: base 0 to count - 1, then pbs 1 to count - 1.
[[nodiscard]] std::vector<Request> requests_of(const std::string& base, std::uint64_t count);

// Keys and values, sorted by key. "mode" = "unique_by_network" if no parameter is for this request.
// A value that is an object or an array is Error(Exit::config).
[[nodiscard]] std::map<std::string, std::string> placement_of(const Parameters& parameters, const Request& request);

// Ids of the parameters that begin with -sla- and are for none of these requests.
[[nodiscard]] std::vector<std::string> unused(const Parameters& parameters, const std::vector<Request>& requests);
// The same where only one request is known: those that are for no request of its base name, and for no backup server.
[[nodiscard]] std::vector<std::string> unknown(const Parameters& parameters, const std::string& base);

// What is left for the instance.
[[nodiscard]] bool is_placement(std::string_view id); // begins with -sla-
[[nodiscard]] Parameters without_placement(const Parameters& parameters);

} // namespace rs::sla
