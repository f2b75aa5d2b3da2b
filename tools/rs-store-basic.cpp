// SPDX-License-Identifier: Apache-2.0
// rs-store init, list, show, stats, prove, fence.
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "rs-store.hpp"
#include "store/entries.hpp"
#include "store/fence.hpp"
#include "store/proof.hpp"
#include "store/pull.hpp"
#include "store/references.hpp"
#include "store/select.hpp"

using namespace rs;
using nlohmann::json;

namespace {

UtcTime time_of(const store::GenerationFile& g) { return {g.header.time.seconds, g.header.time.nanoseconds}; }

struct InitOptions {
    std::string store, reserve = "64M", like;
};

Exit run_init(tool::Command&, const InitOptions& o) {
    const auto reserve = parse_size(o.reserve);
    if (!reserve) fail(Exit::usage, cat("--reserve ", printable(o.reserve), ": not a size"), "for example 64M, or 0 for none");
    std::optional<chunk::Key> key;
    if (!o.like.empty()) key = store::Store(o.like).config().key;
    store::Store::init(o.store, *reserve, key);
    return Exit::ok;
}

struct ListOptions {
    std::string store, name;
};

json describe(const store::GenerationPlace& place, const store::GenerationFile& g, const std::vector<store::Proof>& proofs) {
    json j;
    j["name"] = place.name;
    j["generation"] = place.id.str();
    j["branch"] = place.line == store::Line::branch;
    j["time"] = format_utc(time_of(g));
    j["host"] = tool::json_text(g.header.host);
    j["instance"] = tool::json_text(g.header.instance);
    if (g.header.parent) j["parent"] = g.header.parent->generation.str();
    j["entries"] = g.totals.entries;
    j["files"] = g.totals.files;
    j["directories"] = g.totals.directories;
    j["tree_bytes"] = g.totals.bytes;
    j["data_bytes"] = g.totals.data_bytes;
    j["chunks"] = g.totals.chunks;
    j["new_chunks"] = g.new_chunks;
    j["new_bytes"] = g.new_bytes;
    j["stored_bytes"] = g.stored_bytes;
    j["digest"] = to_hex(as_text(g.digest));
    j["suspicious"] = g.suspicious;
    j["changed_while_read"] = g.header.changed_while_read;
    j["proofs"] = json::array();
    for (const store::Proof& p : proofs)
        j["proofs"].push_back({{"instance", p.instance}, {"time", format_utc(p.time)}, {"seconds", p.seconds}});
    return j;
}

Exit run_list(tool::Command& command, const ListOptions& o) {
    const store::Store s(o.store);
    if (!o.name.empty() && !s.open_name(o.name))
        fail(Exit::no_input, cat(printable(o.store), ": has no name '", printable(o.name), "'"), "'rs-store list' without --name shows all");
    std::uint64_t count = 0, damaged = 0;
    std::string name; // whose directory and proofs are at hand
    std::optional<io::Dir> dir;
    std::optional<store::ProofList> proof_list;
    for (const store::GenerationPlace& place : store::all_generations(s)) {
        if (!o.name.empty() && place.name != o.name) continue;
        if (std::exchange(name, place.name) != place.name) {
            proof_list.reset();
            dir = s.open_name(name);
            if (dir) proof_list.emplace(*dir);
        }
        std::optional<store::GenerationFile> g;
        try {
            g = dir ? store::try_load_generation(*dir, place.id, place.line) : std::nullopt;
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw;
            ++damaged;
            command.console().warn(cat(place.str(), ": ", e.what()));
            continue;
        }
        if (!g) continue;
        ++count;
        const auto proofs = proof_list->of(place.id, g->digest);
        std::string text = cat(place.name, " ", place.id.str(), "  ", format_utc(time_of(*g)), "  ",
                               human_bytes(g->totals.bytes), " in ", count_of(g->totals.files, "file"), ", ",
                               human_bytes(g->stored_bytes), " stored");
        if (place.line == store::Line::branch) text += ", branch";
        for (const store::Proof& p : proofs) text += cat(", proven on ", p.instance);
        if (g->suspicious) text += ", suspicious";
        if (g->header.changed_while_read) text += ", changed while read";
        command.line(text, [&] { return describe(place, *g, proofs); });
    }
    command.result()["generations"] = count;
    return damaged > 0 ? Exit::data : Exit::ok;
}

struct ShowOptions {
    std::string store, name, generation;
    bool entries = false;
};

std::string mode_text(const stream::Entry& e) {
    static constexpr char kinds[] = "?d-lhpcbs";
    std::string out(1, kinds[static_cast<int>(e.type)]);
    static constexpr std::string_view bits = "rwxrwxrwx";
    for (unsigned i = 0; i < 9; ++i) out += (e.mode >> (8 - i) & 1U) != 0 ? bits[i] : '-';
    if ((e.mode & 04000U) != 0) out[3] = out[3] == 'x' ? 's' : 'S';
    if ((e.mode & 02000U) != 0) out[6] = out[6] == 'x' ? 's' : 'S';
    if ((e.mode & 01000U) != 0) out[9] = out[9] == 'x' ? 't' : 'T';
    return out;
}

void show_entry(tool::Command& command, const store::EntryView& v) {
    const stream::Entry& e = v.entry;
    const std::string path = e.path.empty() ? "." : e.path;
    const bool link = e.type == stream::Type::symlink || e.type == stream::Type::hardlink;
    command.line(cat(mode_text(e), " ", e.user.empty() ? cat(e.uid) : e.user, " ", e.group.empty() ? cat(e.gid) : e.group, " ",
                     v.bytes, " ", format_utc({e.mtime.seconds, 0}), " ", printable(path), link ? " -> " : "",
                     link ? printable(e.target) : ""),
                 [&] {
                     json j;
                     tool::add_path(j, "path", path);
                     j["type"] = stream::type_name(e.type);
                     if (e.type != stream::Type::hardlink) {
                         char mode[8];
                         std::snprintf(mode, sizeof mode, "%04o", e.mode);
                         j["mode"] = mode;
                         j["uid"] = e.uid;
                         j["gid"] = e.gid;
                         j["mtime"] = format_utc({e.mtime.seconds, e.mtime.nanoseconds});
                     }
                     if (e.type == stream::Type::file) {
                         j["bytes"] = v.bytes;
                         if (v.sha256) j["sha256"] = to_hex(as_text(*v.sha256));
                     }
                     if (link) tool::add_path(j, "target", e.target);
                     return j;
                 });
}

Exit run_show(tool::Command& command, const ShowOptions& o) {
    const store::Store s(o.store);
    const store::GenerationFile g = store::select_generation(s, o.name, o.generation, now_utc());
    const auto dir = s.open_name(o.name);
    const auto proofs = dir ? store::ProofList(*dir).of(g.id(), g.digest) : std::vector<store::Proof>{};
    if (o.entries) {
        store::StoreReader reader(s);
        store::EntryReader entries(g, reader.chunks);
        store::EntryView view;
        while (entries.next(view)) {
            command.console().progress(0, 0);
            show_entry(command, view);
        }
        command.result()["entries"] = g.totals.entries;
        return Exit::ok;
    }
    const store::GenerationPlace place{o.name, g.id(), g.line};
    command.result() = describe(place, g, proofs);
    if (command.json()) return Exit::ok;
    const auto row = [&](const char* key, const std::string& value) {
        std::string line = key;
        line.resize(12, ' ');
        command.line(line + value, [] { return json(); });
    };
    row("name", o.name);
    row("generation", cat(g.id().str(), g.line == store::Line::branch ? " (branch)" : ""));
    row("time", format_utc(time_of(g)));
    row("from", cat(printable(g.header.host.empty() ? "?" : g.header.host), g.header.instance.empty() ? "" : " instance ", printable(g.header.instance)));
    if (g.header.parent) row("parent", g.header.parent->generation.str());
    row("tree", cat(count_of(g.totals.files, "file"), ", ", count_of(g.totals.directories, "directory"), ", ", human_bytes(g.totals.bytes)));
    row("chunks", cat(g.totals.chunks, ", ", g.new_chunks, " of them new (", human_bytes(g.new_bytes), ")"));
    row("stored", human_bytes(g.stored_bytes));
    row("digest", to_hex(as_text(g.digest)));
    for (const store::Proof& p : proofs)
        row("proven", cat("on ", p.instance, " at ", format_utc(p.time), ", took ", human_seconds(p.seconds)));
    if (g.suspicious) row("suspicious", "much smaller than those before it");
    if (g.header.changed_while_read) row("changed", "some files changed while they were read");
    return Exit::ok;
}

struct StatsOptions {
    std::string store;
};

Exit run_stats(tool::Command& command, const StatsOptions& o) {
    const store::Store s(o.store);
    const std::vector<store::GenerationPlace> places = store::all_generations(s); // before the index
    store::StoreReader reader(s);
    std::uint64_t pack_bytes = 0, index_bytes = 0, raw = 0, chunks = 0, lost = 0, dead = 0, tree_bytes = 0, generations = 0;
    store::LiveSet live(reader.index, reader.chunks);
    for (const store::GenerationPlace& place : places) {
        const auto dir = s.open_name(place.name);
        const auto g = dir ? store::try_load_generation(*dir, place.id, place.line) : std::nullopt;
        if (!g) continue;
        live.mark(*g);
        tree_bytes += g->totals.bytes;
        ++generations;
    }
    for (const auto& pack : reader.index.packs()) {
        pack_bytes += pack->pack_bytes();
        const io::Fd fd = io::try_open_at(s.indexes(), store::index_name(pack->serial()));
        if (fd) index_bytes += static_cast<std::uint64_t>(io::stat_fd(fd.get(), "index").st_size);
        for (std::uint32_t i = 0; i < pack->chunks(); ++i) {
            ++chunks;
            raw += pack->length(i);
            if (pack->lost(i)) ++lost;
            if (!live.live(*pack, i)) dead += pack->length(i);
        }
    }
    json& j = command.result();
    j["names"] = s.names().size();
    j["generations"] = generations;
    j["tree_bytes"] = tree_bytes;
    j["packs"] = reader.index.packs().size();
    j["pack_bytes"] = pack_bytes;
    j["index_bytes"] = index_bytes;
    j["chunks"] = chunks;
    j["chunk_bytes"] = raw;
    j["unused_chunk_bytes"] = dead;
    j["lost_chunks"] = lost;
    if (command.json()) return Exit::ok;
    const auto line = [&](const std::string& text) { command.line(text, [] { return json(); }); };
    line(cat("names        ", s.names().size()));
    line(cat("generations  ", generations, ", ", human_bytes(tree_bytes), " if each were a full copy"));
    line(cat("packs        ", reader.index.packs().size(), ", ", human_bytes(pack_bytes)));
    line(cat("indexes      ", human_bytes(index_bytes)));
    line(cat("chunks       ", chunks, ", ", human_bytes(raw), " before compression, ", human_bytes(dead), " unused"));
    line(cat("lost         ", count_of(lost, "chunk")));
    return Exit::ok;
}

struct ProveOptions {
    std::string store, name, generation, instance, digest;
    double seconds = 0;
};

Exit run_prove(tool::Command& command, const ProveOptions& o) {
    const store::Store s(o.store);
    const store::GenerationFile g = store::select_generation(s, o.name, o.generation, now_utc());
    if (g.line != store::Line::main) fail(Exit::usage, "only generations of the main line can be proven");
    if (!o.digest.empty() && o.digest != to_hex(as_text(g.digest)))
        fail(Exit::data, cat(o.name, " ", g.id().str(), ": the digest is not that of this generation"),
             "what was imported is something else; 'rs-store show' prints the digest");
    store::write_proof(s, o.name, {g.id(), o.instance, now_utc(), o.seconds, g.digest});
    command.result()["generation"] = g.id().str();
    return Exit::ok;
}

struct FenceOptions {
    std::string store, name;
    std::uint64_t epoch = 0;
};

Exit run_fence(tool::Command& command, const FenceOptions& o) {
    const store::Store s(o.store);
    store::raise_epoch(s, o.name, o.epoch);
    command.result()["epoch"] = o.epoch;
    return Exit::ok;
}

} // namespace

void store_tool::add_basic(tool::Command& command, std::function<Exit()>& chosen) {
    CLI::App* sub = nullptr;
    const auto init = add<InitOptions>(command, chosen, "init", "make a new store", sub, run_init);
    sub->add_option("--reserve", init->reserve, "bytes set aside for a full disk")->type_name("SIZE");
    sub->add_option("--like", init->like, "recognise the chunks of another store")->type_name("STORE");
    const auto list = add<ListOptions>(command, chosen, "list", "generations, one a line", sub, run_list);
    sub->add_option("--name", list->name, "only this name")->type_name("NAME");
    const auto show = add<ShowOptions>(command, chosen, "show", "one generation", sub, run_show);
    sub->add_option("NAME", show->name, "name of the service")->required();
    sub->add_option("GEN", show->generation, "latest, E.C, a time, an age")->required();
    sub->add_flag("--entries", show->entries, "list what is in it");
    add<StatsOptions>(command, chosen, "stats", "sizes and counts", sub, run_stats);
    const CLI::Validator duration(
        [](const std::string& text) {
            double value = -1;
            return CLI::detail::lexical_cast(text, value) && value >= 0 && value <= 1e9 ? std::string() : cat(text, ": not a number of seconds");
        },
        "SECONDS");
    const auto prove = add<ProveOptions>(command, chosen, "prove", "record that a generation was imported and checked", sub, run_prove);
    sub->add_option("NAME", prove->name, "name of the service")->required();
    sub->add_option("GEN", prove->generation, "latest, E.C, a time, an age")->required();
    sub->add_option("--instance", prove->instance, "where it was proven")->type_name("NAME")->required();
    sub->add_option("--seconds", prove->seconds, "how long import and check took")->check(duration);
    sub->add_option("--digest", prove->digest, "of the tree that was proven")->type_name("HEX");
    const auto fence = add<FenceOptions>(command, chosen, "fence", "refuse lower epochs from now on", sub, run_fence);
    sub->add_option("NAME", fence->name, "name of the service")->required();
    sub->add_option("EPOCH", fence->epoch, "the epoch that has begun")->check(CLI::Range(std::uint64_t{1}, max_generation_part))->required();
}
