// SPDX-License-Identifier: Apache-2.0
// Numbers and names of users and groups on this machine, looked up once each.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace rs::archive {

// Empty if the number has no name here, or none that a stream can hold.
[[nodiscard]] std::string user_name(uid_t uid);
[[nodiscard]] std::string group_name(gid_t gid);

class Numbers {
public:
    // Of that name here, or nothing.
    [[nodiscard]] std::optional<std::uint32_t> user(const std::string& name);
    [[nodiscard]] std::optional<std::uint32_t> group(const std::string& name);

private:
    std::unordered_map<std::string, std::optional<std::uint32_t>> users_, groups_;
};

} // namespace rs::archive
