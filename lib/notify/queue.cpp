// SPDX-License-Identifier: Apache-2.0
#include "notify/queue.hpp"

#include <fcntl.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::notify {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_item_bytes = 64 << 10, max_counters_bytes = 4 << 10, max_callbacks_bytes = 1 << 20;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Json json_of(const Item& i) {
    Json j;
    j["program"] = i.program;
    j["source"] = i.source;
    j["name"] = i.name;
    j["wanted"] = i.wanted ? i.wanted.str() : "";
    j["since"] = i.since.seconds;
    j["digest"] = i.digest;
    j["done"] = i.done ? i.done.str() : "";
    j["tries"] = i.tries;
    j["retry"] = i.retry.seconds;
    j["given_up"] = i.given_up;
    j["status"] = i.status;
    j["sequence"] = i.sequence;
    return j;
}

// "" is none; anything else has to be one.
Generation generation_of(const std::string& text) {
    if (text.empty()) return {};
    const auto g = Generation::parse(text);
    if (!g) throw std::invalid_argument("generation");
    return *g;
}

std::optional<Item> item_of(std::string_view text) {
    try {
        const Json j = Json::parse(text);
        Item i;
        i.program = j.at("program").get<std::string>();
        i.source = j.at("source").get<std::string>();
        i.name = j.at("name").get<std::string>();
        i.wanted = generation_of(j.at("wanted").get<std::string>());
        i.since.seconds = j.value("since", std::int64_t{0}); // those of 0.1.0 before it had none
        i.digest = j.at("digest").get<std::string>();
        i.done = generation_of(j.at("done").get<std::string>());
        i.tries = j.at("tries").get<unsigned>();
        i.retry.seconds = j.at("retry").get<std::int64_t>();
        i.given_up = j.at("given_up").get<bool>();
        i.status = j.at("status").get<int>();
        i.sequence = j.at("sequence").get<std::uint64_t>();
        if (!i.program.starts_with('/') || !is_word(i.source) || !is_word(i.name)) return std::nullopt;
        return i;
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

} // namespace

std::string Item::key() const { return cat(source, ":", name, ":", base_name(program)); }

bool Item::due(UtcTime now, std::uint64_t max_backoff_seconds) const {
    if (!waiting()) return false;
    if (tries == 0 || retry <= now) return true;
    return retry.seconds - now.seconds > static_cast<std::int64_t>(max_backoff_seconds);
}

std::optional<std::vector<std::string>> callbacks_of(const std::string& directory, const std::string& id) {
    const std::string path = cat(directory, "/", id);
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        if (errno == ENOENT) return std::nullopt;
        fail_errno(Exit::no_input, path, "open");
    }
    const Buffer bytes = io::read_file(fd.get(), max_callbacks_bytes, path);
    std::vector<std::string> out;
    std::set<std::string> names;
    std::string_view text = as_text(bytes);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t')) line.pop_back();
        if (line.empty() || line.front() == '#') continue;
        const auto bad = [&](std::string_view why) {
            fail(Exit::config, cat(printable(path), ":", number, ": ", printable(line), ": ", why));
        };
        if (line.front() != '/') bad("not an absolute path");
        if (!is_word(base_name(line))) bad("its last name is not a word of letters, digits, dots, dashes and underscores");
        if (!names.insert(base_name(line)).second) bad("another has the same last name");
        out.push_back(std::move(line));
    }
    return out;
}

Queue Queue::open(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail_errno(Exit::cant_create, path, "create the queue");
    io::Dir dir = io::open_dir(path);
    io::Dir items = io::make_dir_at(dir, "items");
    return {std::move(dir), std::move(items)};
}

io::Lock Queue::lock() const { return io::Lock::wait_at(dir_, "lock", io::LockMode::exclusive); }

std::optional<io::Lock> Queue::try_work() const { return io::Lock::try_at(dir_, "worker.lock", io::LockMode::exclusive); }

io::Lock Queue::wait_work() const { return io::Lock::wait_at(dir_, "worker.lock", io::LockMode::exclusive); }

std::optional<Item> Queue::load(const std::string& key) const {
    if (!io::exists_at(items_, key)) return std::nullopt;
    return item_of(as_text(io::read_file_at(items_, key, max_item_bytes)));
}

void Queue::save(const Item& item) const { io::write_file_atomic(items_, item.key(), as_bytes(json_of(item).dump(1) + "\n")); }

std::map<std::string, std::uint64_t> Queue::counters() const {
    std::map<std::string, std::uint64_t> out;
    for (const char* name : {"accepted", "known", "forged", "foreign", "malformed", "sequence"}) out[name] = 0;
    if (!io::exists_at(dir_, "counters")) return out;
    // A damaged one only counts from the beginning again.
    const Json j = Json::parse(as_text(io::read_file_at(dir_, "counters", max_counters_bytes)), nullptr, false);
    for (auto& [name, value] : out)
        if (j.is_object() && j.contains(name) && j[name].is_number_unsigned()) value = j[name].get<std::uint64_t>();
    return out;
}

void Queue::count(std::map<std::string, std::uint64_t>& counters, const std::string& what) const {
    ++counters[what];
    Json j;
    for (const auto& [name, value] : counters) j[name] = value;
    io::write_file_atomic(dir_, "counters", as_bytes(j.dump() + "\n"));
}

Answer Queue::accept(const Notification& n, const std::vector<std::string>& programs) {
    const io::Lock held = lock();
    auto counters = this->counters();
    Answer answer = Answer::known;
    for (const std::string& program : programs) {
        Item item;
        item.program = program;
        item.source = n.source;
        item.name = n.name;
        if (const auto old = load(item.key())) item = *old;
        item.program = program; // it may have moved
        if (n.generation <= item.done || n.generation < item.wanted) continue;
        if (n.generation == item.wanted && !item.given_up) continue;
        if (!item.wanted) item.since = now_utc();
        item.wanted = n.generation;
        item.digest = n.digest;
        item.tries = 0;
        item.given_up = false;
        item.sequence = ++counters["sequence"];
        save(item);
        answer = Answer::accepted;
    }
    count(counters, answer == Answer::accepted ? "accepted" : "known");
    return answer;
}

void Queue::refuse(const std::string& why) {
    const io::Lock held = lock();
    auto counters = this->counters();
    RS_ASSERT(counters.contains(why));
    count(counters, why);
}

std::vector<Item> Queue::items(std::vector<std::string>* damaged) const {
    std::vector<Item> out;
    for (const std::string& name : io::list_dir(items_)) {
        if (name.starts_with('.')) continue; // about to become one
        try {
            if (auto item = load(name); item && item->key() == name)
                out.push_back(std::move(*item));
            else if (damaged != nullptr && io::exists_at(items_, name))
                damaged->push_back(items_.name_of(name));
        } catch (const Error& e) {
            if (e.code() != Exit::no_input) throw; // removed meanwhile
        }
    }
    std::ranges::stable_sort(out, {}, &Item::sequence);
    return out;
}

Item Queue::finish(const Item& item, int status, std::optional<std::uint64_t> retry_after) {
    const io::Lock held = lock();
    Item now = load(item.key()).value_or(item);
    const bool newer = now.wanted > item.wanted;
    if (status == 0) {
        now.done = std::max(now.done, item.wanted);
        if (!newer) now.wanted = {};
        now.since = newer ? now_utc() : UtcTime{}; // the newer one came later than that, and begins to wait now
        now.tries = 0;
    } else if (!newer) { // what has failed is of no interest any more if there is something newer
        ++now.tries;
        now.given_up = !retry_after;
        now.retry = now_utc();
        now.retry.seconds += static_cast<std::int64_t>(retry_after.value_or(0));
    }
    now.status = status;
    save(now);
    return now;
}

std::size_t Queue::retry_all() {
    const io::Lock held = lock();
    std::size_t n = 0;
    for (Item item : items()) {
        if (!item.wanted || (item.tries == 0 && !item.given_up)) continue;
        item.tries = 0;
        item.given_up = false;
        save(item);
        ++n;
    }
    return n;
}

void Queue::remove(const Item& item) {
    const io::Lock held = lock();
    io::unlink_at(items_, item.key());
}

} // namespace rs::notify
