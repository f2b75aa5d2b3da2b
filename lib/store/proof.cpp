// SPDX-License-Identifier: Apache-2.0
#include "store/proof.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

namespace {

constexpr off_t max_proof_bytes = 4096;

std::string prefix_of(const Generation& id) { return cat(id.str(), ".proof."); }

std::optional<Proof> parse(std::string_view text) {
    Proof proof;
    bool digest = false, time = false;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        const auto space = line.find(' ');
        if (space == std::string_view::npos) return std::nullopt;
        const std::string_view key = line.substr(0, space), value = line.substr(space + 1);
        if (key == "instance") proof.instance = value;
        if (key == "seconds") proof.seconds = std::strtod(std::string(value).c_str(), nullptr);
        if (key == "time") {
            const auto when = parse_utc(value);
            if (!when) return std::nullopt;
            proof.time = *when;
            time = true;
        }
        if (key == "digest") {
            const auto bytes = from_hex(value);
            if (!bytes || bytes->size() != proof.digest.size()) return std::nullopt;
            std::memcpy(proof.digest.data(), bytes->data(), bytes->size());
            digest = true;
        }
    }
    if (!digest || !time || !valid_name(proof.instance)) return std::nullopt;
    return proof;
}

} // namespace

void write_proof(const Store& store, const std::string& name, const Proof& proof) {
    if (!valid_name(proof.instance))
        fail(Exit::usage, cat("'", printable(proof.instance), "' cannot be the name of an instance"),
             "use letters, digits and . _ - @ + : , with a letter or digit first");
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", proof.seconds);
    const io::Lock guard = store.lock(io::LockMode::exclusive);
    const auto dir = store.open_name(name);
    if (!dir || !io::exists_at(*dir, generation_name(proof.generation)))
        fail(Exit::no_input, cat(name, " ", proof.generation.str(), ": is no longer here"), "a prune has removed it");
    io::write_file_atomic(*dir, prefix_of(proof.generation) + proof.instance,
                          as_bytes(cat("instance ", proof.instance, "\ntime ", format_utc(proof.time), "\nseconds ",
                                       seconds, "\ndigest ", to_hex(as_text(proof.digest)), "\n")));
}

ProofList::ProofList(const io::Dir& name_dir) : dir_(name_dir) {
    for (std::string& file : io::list_dir(name_dir))
        if (file.find(".proof.") != std::string::npos) files_.insert(std::move(file));
}

template <class F>
void ProofList::for_each(const Generation& id, F&& f) const {
    const std::string prefix = prefix_of(id);
    for (auto at = files_.lower_bound(prefix); at != files_.end() && at->starts_with(prefix); ++at) f(*at);
}

std::vector<Proof> ProofList::of(const Generation& id, const chunk::Digest& digest) const {
    std::vector<Proof> out;
    for_each(id, [&](const std::string& file) {
        const io::Fd fd = io::try_open_at(dir_, file);
        if (!fd) return;
        // An unreadable proof proves nothing.
        if (io::stat_fd(fd.get(), dir_.name_of(file)).st_size > max_proof_bytes) return;
        auto proof = parse(as_text(io::read_file(fd.get(), max_proof_bytes, dir_.name_of(file))));
        if (!proof || proof->digest != digest) return;
        proof->generation = id;
        out.push_back(std::move(*proof));
    });
    return out;
}

void ProofList::remove(const Generation& id) const {
    for_each(id, [&](const std::string& file) { io::unlink_at(dir_, file); });
}

} // namespace rs::store
