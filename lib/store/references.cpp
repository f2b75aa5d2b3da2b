// SPDX-License-Identifier: Apache-2.0
#include "store/references.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::store {

using stream::Op;
using stream::Run;

std::string GenerationPlace::str() const {
    return cat(name, line == Line::branch ? " branch/" : " ", id.str());
}

std::vector<GenerationPlace> all_generations(const Store& store) {
    std::vector<GenerationPlace> out;
    for (const std::string& name : store.names()) {
        const auto dir = store.open_name(name);
        if (!dir) continue;
        for (const Line line : {Line::main, Line::branch})
            for (const Generation& id : list_generations(*dir, line)) out.push_back({name, id, line});
    }
    return out;
}

void LiveSet::set(const std::optional<Place>& place) {
    if (!place) {
        unknown_ = true;
        return;
    }
    std::vector<bool>& bits = bits_[place->pack];
    if (bits.empty()) bits.resize(place->pack->chunks());
    bits[place->position] = true;
}

void LiveSet::mark(const GenerationFile& generation) {
    const std::string what = cat(generation.header.name, " ", generation.id().str());
    for (const Run& blocks : generation.blocks)
        for (std::uint64_t i = 0; i < blocks.count; ++i) mark_block(blocks.start + i, what);
}

void LiveSet::mark_block(std::uint64_t number, const std::string& what) {
    const auto place = index_.find(number);
    if (!place) fail(Exit::data, cat(what, ": a block of its manifest is lost, so what it refers to is not known"));
    if (live(*place->pack, place->position)) return;
    const ByteSpan bytes = chunks_.read(number);
    const Buffer block(bytes.begin(), bytes.end());
    stream::read_runs(stream::decode_block(block, what).refs, what, [&](const Run& run, auto) {
        // A lost chunk that something refers to keeps its place, and with it the id that lets a pull heal it.
        for (std::uint64_t k = 0; k < run.count; ++k) set(index_.find_even_lost(run.start + k));
    });
    set(place); // last: another generation must not take a block for marked that could not be read
}

bool LiveSet::live(const PackIndex& pack, std::uint32_t position) const {
    const auto at = bits_.find(&pack);
    return at != bits_.end() && !at->second.empty() && at->second[position];
}

namespace {

// Calls f for each operation of a block; false: it cannot be read to its end.
template <class F>
bool walk_block(ChunkReader& chunks, std::uint64_t number, Op& op, F&& f) {
    try {
        const ByteSpan bytes = chunks.read(number);
        const Buffer block(bytes.begin(), bytes.end());
        stream::ManifestReader reader(stream::decode_block(block, "manifest block"), "manifest block");
        while (reader.next(op)) f(op);
    } catch (const Error& e) {
        if (e.code() != Exit::data) throw;
        return false;
    }
    return true;
}

} // namespace

bool Presence::whole_block(std::uint64_t number) {
    if (const auto known = blocks_.find(number); known != blocks_.end()) return known->second;
    bool good = true;
    good = walk_block(chunks_, number, op_, [&](const Op& op) {
        for (const Run& run : op.runs)
            for (std::uint64_t i = 0; good && op.kind == Op::Kind::data && i < run.count; ++i)
                good = chunks_.index().find(run.start + i).has_value();
    }) && good;
    blocks_.emplace(number, good);
    return good;
}

bool Presence::whole(const GenerationFile& generation) {
    bool good = true;
    for (const Run& run : generation.blocks)
        for (std::uint64_t i = 0; i < run.count; ++i) good = whole_block(run.start + i) && good;
    return good;
}

namespace {

class DamageFinder {
public:
    DamageFinder(ChunkReader& chunks, std::function<void(const Finding&)> report)
        : chunks_(chunks), presence_(chunks), report_(std::move(report)) {}

    void look(const GenerationPlace& place, const GenerationFile& generation) {
        if (!presence_.whole(generation)) name_files(place, generation);
    }

private:
    void name_files(const GenerationPlace& place, const GenerationFile& generation) {
        std::string path;
        std::string reported;
        for (const Run& run : generation.blocks)
            for (std::uint64_t i = 0; i < run.count; ++i) {
                const std::uint64_t number = run.start + i;
                const bool readable = walk_block(chunks_, number, op_, [&](const Op& op) {
                    if (op.kind == Op::Kind::entry) path = op.entry.path;
                    if (op.kind != Op::Kind::data) return;
                    for (const Run& r : op.runs)
                        for (std::uint64_t k = 0; k < r.count; ++k)
                            if (path != reported && !chunks_.index().find(r.start + k)) {
                                reported = path;
                                report_({place.str(), cat(printable(path), ": chunks are lost")});
                            }
                });
                if (!readable)
                    report_({place.str(), cat("entries after ", printable(path.empty() ? "the start" : path),
                                              ": a block of the manifest is lost")});
            }
    }

    ChunkReader& chunks_;
    Presence presence_;
    std::function<void(const Finding&)> report_;
    Op op_;
};

} // namespace

void find_damage(const Store& store, const std::vector<GenerationPlace>& places, ChunkReader& chunks,
                 const std::function<void(const Finding&)>& report, const std::function<void(std::uint64_t)>& counted,
                 Monitor& monitor) {
    std::vector<Finding> found;
    DamageFinder finder(chunks, [&](const Finding& f) { found.push_back(f); });
    for (const GenerationPlace& place : places) {
        monitor.progress(0, 0);
        const auto dir = store.open_name(place.name);
        if (!dir) continue;
        found.clear();
        try {
            const auto generation = try_load_generation(*dir, place.id, place.line);
            if (!generation) continue; // pruned since the list was made
            if (generation->header.name != place.name)
                found.push_back({place.str(), cat("is a generation of ", printable(generation->header.name))});
            finder.look(place, *generation);
            // Pruned while we looked: of course its chunks went.
            if (!found.empty() && !is_there(*dir, place.id, place.line)) continue;
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw;
            found.push_back({place.str(), e.what()});
        }
        counted(1);
        for (const Finding& f : found) report(f);
    }
}

} // namespace rs::store
