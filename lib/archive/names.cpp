// SPDX-License-Identifier: Apache-2.0
#include "archive/names.hpp"

#include <cerrno>
#include <grp.h>
#include <pwd.h>

#include <vector>

#include "stream/format.hpp"

namespace rs::archive {

namespace {

constexpr std::size_t max_record_bytes = 1 << 20;

// One of getpwuid_r and its relatives, which want a buffer whose size nobody knows beforehand:
// take(record) gives the result from it. A directory service that is away is a name that is not there.
template <class Record, class Result, class Call, class Take>
Result look_up(Call&& call, Take&& take) {
    for (std::vector<char> buffer(1024);; buffer.resize(buffer.size() * 2)) {
        Record record;
        Record* found = nullptr;
        const int err = call(&record, buffer.data(), buffer.size(), &found);
        if (err == ERANGE && buffer.size() < max_record_bytes) continue;
        if (err != 0 || found == nullptr) return {};
        return take(record);
    }
}

std::string fitting(const char* name) {
    std::string out = name;
    if (out.size() > stream::max_user_bytes) out.clear();
    return out;
}

} // namespace

std::string user_name(uid_t uid) {
    return look_up<passwd, std::string>([&](passwd* r, char* b, std::size_t n,
                                            passwd** f) { return ::getpwuid_r(uid, r, b, n, f); },
                                        [](const passwd& r) { return fitting(r.pw_name); });
}

std::string group_name(gid_t gid) {
    return look_up<group, std::string>(
        [&](group* r, char* b, std::size_t n, group** f) { return ::getgrgid_r(gid, r, b, n, f); },
        [](const group& r) { return fitting(r.gr_name); });
}

std::optional<std::uint32_t> Numbers::user(const std::string& name) {
    const auto [at, fresh] = users_.try_emplace(name);
    if (fresh)
        at->second = look_up<passwd, std::optional<std::uint32_t>>(
            [&](passwd* r, char* b, std::size_t n, passwd** f) {
                return ::getpwnam_r(name.c_str(), r, b, n, f);
            },
            [](const passwd& r) { return std::optional<std::uint32_t>(r.pw_uid); });
    return at->second;
}

std::optional<std::uint32_t> Numbers::group(const std::string& name) {
    const auto [at, fresh] = groups_.try_emplace(name);
    if (fresh)
        at->second = look_up<::group, std::optional<std::uint32_t>>(
            [&](::group* r, char* b, std::size_t n, ::group** f) {
                return ::getgrnam_r(name.c_str(), r, b, n, f);
            },
            [](const ::group& r) { return std::optional<std::uint32_t>(r.gr_gid); });
    return at->second;
}

} // namespace rs::archive
