// SPDX-License-Identifier: Apache-2.0
// Names of users and groups, looked up once each.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <unordered_map>

namespace rs::tree {

class Owners {
public:
    // Empty if the number has no name here.
    [[nodiscard]] const std::string& user_name(uid_t uid);
    [[nodiscard]] const std::string& group_name(gid_t gid);
    // The number that the name has here; `number` itself where the name is empty or unknown.
    [[nodiscard]] uid_t user_number(const std::string& name, uid_t number);
    [[nodiscard]] gid_t group_number(const std::string& name, gid_t number);

private:
    std::unordered_map<uid_t, std::string> users_;
    std::unordered_map<gid_t, std::string> groups_;
    std::unordered_map<std::string, std::optional<uid_t>> uids_;
    std::unordered_map<std::string, std::optional<gid_t>> gids_;
};

} // namespace rs::tree
