// SPDX-License-Identifier: Apache-2.0
#include "instance/record.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::instance {

namespace {

constexpr std::size_t max_record_bytes = 64 << 20;
constexpr int version = 1;

constexpr std::pair<Kind, const char*> names[] = {
    {Kind::directory, "directory"}, {Kind::file, "file"}, {Kind::link, "link"}};

} // namespace

Record read_record(const io::Dir& root) {
    if (!io::exists_at(root, record_name)) return {};
    const Buffer bytes = io::read_file_at(root, record_name, max_record_bytes);
    const std::string where = printable(root.name_of(record_name));
    const auto bad = [&](std::string_view why) {
        fail(Exit::data, cat(where, ": ", why), "without this file nothing is removed, else all goes on as usual");
    };
    const auto j = nlohmann::json::parse(as_text(bytes), nullptr, false);
    if (!j.is_object() || !j.contains("version") || !j.contains("entries") || !j["entries"].is_object())
        bad("damaged");
    if (j["version"] != version) bad("of another version of these tools");
    Record out;
    for (const auto& [path, kind] : j["entries"].items()) {
        static_cast<void>(path_below("/", path, where)); // it is removed from: not outside
        for (const auto& [k, name] : names)
            if (kind == name) out[path] = k;
        if (!out.contains(path)) bad("damaged");
    }
    return out;
}

void write_record(const io::Dir& root, const Record& record) {
    nlohmann::json entries = nlohmann::json::object();
    for (const auto& [path, kind] : record)
        for (const auto& [k, name] : names)
            if (k == kind) entries[path] = name;
    const std::string text =
        nlohmann::json{{"version", version}, {"entries", std::move(entries)}}.dump(
            1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    io::write_file_atomic(root, record_name, as_bytes(text));
}

} // namespace rs::instance
