// SPDX-License-Identifier: Apache-2.0
#include "tree/owners.hpp"

#include <grp.h>
#include <pwd.h>

#include <vector>

#include "stream/format.hpp"

namespace rs::tree {

namespace {

// getpwuid_r and its relatives want a buffer whose size nobody knows beforehand.
template <class Record, class Call>
std::optional<Record> look_up(std::vector<char>& buffer, Call&& call) {
    buffer.resize(1024);
    for (;;) {
        Record record;
        Record* found = nullptr;
        const int err = call(&record, buffer.data(), buffer.size(), &found);
        if (err == ERANGE && buffer.size() < (1 << 20)) {
            buffer.resize(buffer.size() * 2);
            continue;
        }
        // A directory service that cannot be reached is the same as a name that is not there:
        // the number is kept, and it is what counts.
        if (err != 0 || found == nullptr) return std::nullopt;
        return record;
    }
}

std::string fitting(const char* name) {
    std::string out = name;
    if (out.size() > stream::max_user_bytes) out.clear();
    return out;
}

} // namespace

const std::string& Owners::user_name(uid_t uid) {
    const auto [at, fresh] = users_.try_emplace(uid);
    if (fresh) {
        std::vector<char> buffer;
        const auto record = look_up<passwd>(buffer, [&](passwd* r, char* b, std::size_t n, passwd** f) {
            return ::getpwuid_r(uid, r, b, n, f);
        });
        if (record) at->second = fitting(record->pw_name);
    }
    return at->second;
}

const std::string& Owners::group_name(gid_t gid) {
    const auto [at, fresh] = groups_.try_emplace(gid);
    if (fresh) {
        std::vector<char> buffer;
        const auto record = look_up<group>(buffer, [&](group* r, char* b, std::size_t n, group** f) {
            return ::getgrgid_r(gid, r, b, n, f);
        });
        if (record) at->second = fitting(record->gr_name);
    }
    return at->second;
}

uid_t Owners::user_number(const std::string& name, uid_t number) {
    if (name.empty()) return number;
    const auto [at, fresh] = uids_.try_emplace(name);
    if (fresh) {
        std::vector<char> buffer;
        const auto record = look_up<passwd>(buffer, [&](passwd* r, char* b, std::size_t n, passwd** f) {
            return ::getpwnam_r(name.c_str(), r, b, n, f);
        });
        if (record) at->second = record->pw_uid;
    }
    return at->second.value_or(number);
}

gid_t Owners::group_number(const std::string& name, gid_t number) {
    if (name.empty()) return number;
    const auto [at, fresh] = gids_.try_emplace(name);
    if (fresh) {
        std::vector<char> buffer;
        const auto record = look_up<group>(buffer, [&](group* r, char* b, std::size_t n, group** f) {
            return ::getgrnam_r(name.c_str(), r, b, n, f);
        });
        if (record) at->second = record->gr_gid;
    }
    return at->second.value_or(number);
}

} // namespace rs::tree
