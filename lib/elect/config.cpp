// SPDX-License-Identifier: Apache-2.0
#include "elect/config.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "base/error.hpp"
#include "base/fields.hpp"
#include "base/text.hpp"
#include "io/file.hpp"

namespace rs::elect {

using namespace failover;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view blanks = " \t";
// Words for rs-takeover and rs-deploy, which read the same file: each knows those of the others, so that a typing error is one.
constexpr std::array<std::string_view, 11> words_of_others{"namebase", "name",       "kind",  "hold",
                                                            "role",     "profile",    "stack", "lock",
                                                            "backup",   "generation", "messages"};
// 10 years: what is longer is a typing error.
constexpr std::uint64_t longest_block = 10ULL * 366 * 86'400;

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// One line that is being read.
class Line {
public:
    Line(const std::string& path, unsigned number, std::string_view word, std::string_view value)
        : path_(path), number_(number), word_(word), value_(value) {}

    [[noreturn]] void wrong(std::string_view what) const {
        fail(Exit::config, cat(printable(path_), ":", number_, ": ", printable(word_), ": ", what),
             "rs-elect(1), FILES, says what it holds");
    }
    [[nodiscard]] std::string word() const {
        if (!is_word(value_)) wrong(cat("'", printable(value_), "' is no word"));
        return std::string(value_);
    }
    [[nodiscard]] std::string path() const {
        if (!value_.starts_with('/')) wrong("is no absolute path");
        return std::string(value_);
    }
    [[nodiscard]] bool yes() const {
        if (value_ != "yes" && value_ != "no")
            wrong(cat("is yes or no, not '", printable(value_), "'"));
        return value_ == "yes";
    }
    [[nodiscard]] std::uint64_t number(std::uint64_t least, std::uint64_t most) const {
        return number_of(value_, least, most);
    }
    [[nodiscard]] Peer peer() const {
        const std::size_t blank = value_.find_first_of(blanks);
        if (blank == std::string_view::npos) wrong("has a number and a name");
        Peer peer;
        peer.number =
            static_cast<std::uint32_t>(number_of(value_.substr(0, blank), 0, max_instance_number));
        peer.name = trimmed(value_.substr(blank));
        if (!is_word(peer.name)) wrong(cat("'", printable(peer.name), "' is no word"));
        return peer;
    }

private:
    [[nodiscard]] std::uint64_t number_of(std::string_view text, std::uint64_t least,
                                          std::uint64_t most) const {
        const auto number = parse_u64(text);
        if (!number || *number < least || *number > most)
            wrong(cat("is a number from ", least, " to ", most, ", not '", printable(text), "'"));
        return *number;
    }

    const std::string& path_;
    unsigned number_;
    std::string_view word_, value_;
};

void take(Config& c, std::string_view word, const Line& line) {
    if (word == "line")
        c.line = line.word();
    else if (word == "instance")
        c.instance = line.word();
    else if (word == "number")
        c.number = static_cast<std::uint32_t>(line.number(0, max_instance_number));
    else if (word == "state")
        c.state = line.path();
    else if (word == "coordinator")
        c.coordinator = line.path();
    else if (word == "coordinate")
        c.coordinate = line.path();
    // As the coordinator has them.
    else if (word == "lease")
        c.lease = std::chrono::seconds(line.number(2, 86'400));
    else if (word == "block")
        c.block = std::chrono::seconds(line.number(0, longest_block));
    else if (word == "automatic")
        c.automatic = line.yes();
    else if (word == "first")
        c.first = line.yes();
    else if (word == "priority")
        c.priority = static_cast<std::uint32_t>(line.number(0, max_priority));
    else if (word == "maintenance")
        c.maintenance = line.path();
    else if (word == "log")
        c.log = line.path();
    else if (word == "probe")
        c.probe = line.path();
    else if (word == "peer")
        c.peers.push_back(line.peer());
    else if (word == "server")
        c.servers.push_back(line.word());
    else if (std::ranges::find(words_of_others, word) == words_of_others.end())
        line.wrong("no such word");
}

// What is wrong with it as a whole; empty if nothing.
std::string contradiction(const Config& c) {
    if (c.instance.empty()) return "instance: is missing";
    if (c.state.empty()) return "state: is missing";
    if (!c.coordinator.empty() && c.line.empty()) return "line: is missing";
    if (c.peers.size() > max_candidates) return cat("peer: more than ", max_candidates);
    std::set<std::string> names{c.instance};
    std::set<std::uint32_t> numbers{c.number};
    for (const Peer& peer : c.peers)
        if (!names.insert(peer.name).second || !numbers.insert(peer.number).second)
            return cat("peer ", peer.number, " ", peer.name, ": its number or name is there twice");
    std::set<std::string> servers;
    for (const std::string& server : c.servers)
        if (!servers.insert(server).second) return cat("server ", server, ": is there twice");
    return {};
}

} // namespace

const Peer* Config::peer(std::string_view name) const {
    const auto found = std::ranges::find(peers, name, &Peer::name);
    return found == peers.end() ? nullptr : &*found;
}

Config parse_config(std::string_view text, const std::string& dir, const std::string& path) {
    Config config;
    config.dir = dir;
    std::set<std::string, std::less<>> seen;
    unsigned number = 0;
    bool numbered = false;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view row = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (row.empty() || row.front() == '#') continue;
        const std::size_t blank = std::min(row.find_first_of(blanks), row.size());
        const std::string_view word = row.substr(0, blank);
        const std::string_view value = trimmed(row.substr(blank));
        const Line line(path, number, word, value);
        if (value.empty()) line.wrong("has no value");
        if (word != "peer" && word != "server" && !seen.emplace(word).second)
            line.wrong("is there twice");
        take(config, word, line);
        numbered = numbered || word == "number";
    }
    std::string wrong = contradiction(config);
    if (!numbered) wrong = "number: is missing";
    if (!wrong.empty())
        fail(Exit::config, cat(printable(path), ":", number, ": ", wrong),
             "rs-elect(1), FILES, says what it holds");
    return config;
}

Config load_config(const std::string& dir, const std::string& stack) {
    const io::Dir instance = io::open_dir(dir);
    const io::Dir etc = io::open_dir_at(instance, "etc");
    const Buffer text = io::read_file_at(etc, "failover", max_config_bytes);
    // Its programs are called by a path that means the same wherever they go.
    Config config =
        parse_config(as_text(text), std::filesystem::absolute(dir).string(), dir + "/etc/failover");
    if (config.coordinate.empty()) config.coordinate = stack + "/failover/coordinator";
    return config;
}

Time ask_limit(const Config& config) {
    return std::clamp(Time(config.lease) / 5, Time(700), Time(3000));
}

Settings settings_of(const Config& config) {
    Settings s;
    s.number = config.number;
    s.observers = config.observers();
    s.automatic = config.automatic && !config.coordinator.empty();
    s.lease = config.lease;
    s.renew = s.lease / 5;
    s.retry = s.lease / 2 - s.renew;
    // A round of questions takes two limits at most (watch.cpp), and the next one begins within as much.
    s.report_age = 4 * ask_limit(config) + Time(1000);
    // As long as the slowest may take: it ends when all have answered.
    s.bid_wait = ask_limit(config);
    s.block = config.block;
    return s;
}

} // namespace rs::elect
