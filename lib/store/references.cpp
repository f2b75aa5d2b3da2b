// SPDX-License-Identifier: Apache-2.0
#include "store/references.hpp"

#include <unordered_set>

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

bool LiveSet::set(std::uint64_t number) {
    // A lost chunk that something refers to keeps its place, and with it the id that lets a pull heal it.
    const auto place = index_.find_even_lost(number);
    if (!place) return false;
    std::vector<bool>& bits = bits_[place->pack];
    if (bits.empty()) bits.resize(place->pack->chunks());
    if (bits[place->position]) return false;
    bits[place->position] = true;
    return true;
}

void LiveSet::mark(const GenerationFile& generation) {
    const std::string what = cat(generation.header.name, " ", generation.id().str());
    for (const Run& blocks : generation.blocks)
        for (std::uint64_t i = 0; i < blocks.count; ++i) {
            if (!set(blocks.start + i)) continue;
            if (!index_.find(blocks.start + i))
                fail(Exit::data, cat(what, ": a block of its manifest is lost, so what it refers to is not known"));
            const ByteSpan bytes = chunks_.read(blocks.start + i);
            const Buffer block(bytes.begin(), bytes.end());
            stream::read_runs(stream::decode_block(block, what).refs, what, [&](const Run& run, auto) {
                for (std::uint64_t k = 0; k < run.count; ++k) set(run.start + k);
            });
        }
}

bool LiveSet::live(const PackIndex& pack, std::uint32_t position) const {
    const auto at = bits_.find(&pack);
    return at != bits_.end() && !at->second.empty() && at->second[position];
}

namespace {

class DamageFinder {
public:
    DamageFinder(ChunkReader& chunks, const std::function<void(const Finding&)>& report)
        : chunks_(chunks), report_(report) {}

    void look(const GenerationPlace& place, const GenerationFile& generation) {
        bool bad = false;
        for (const Run& run : generation.blocks)
            for (std::uint64_t i = 0; i < run.count; ++i) bad = !good_block(run.start + i) || bad;
        if (bad) name_files(place, generation);
    }

private:
    // The block can be read and everything it refers to is there. Each block is looked at once.
    bool good_block(std::uint64_t number) {
        if (good_.contains(number)) return true;
        if (bad_.contains(number)) return false;
        bool good = true;
        walk_block(number, [&](const Op& op) {
            for (const Run& run : op.runs)
                for (std::uint64_t i = 0; good && op.kind == Op::Kind::data && i < run.count; ++i)
                    good = chunks_.index().find(run.start + i).has_value();
        }, good);
        (good ? good_ : bad_).insert(number);
        return good;
    }

    template <class F>
    void walk_block(std::uint64_t number, F&& f, bool& readable) {
        try {
            const ByteSpan bytes = chunks_.read(number);
            const Buffer block(bytes.begin(), bytes.end());
            stream::ManifestReader reader(stream::decode_block(block, "manifest block"), "manifest block");
            while (reader.next(op_)) f(op_);
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw;
            readable = false;
        }
    }

    void name_files(const GenerationPlace& place, const GenerationFile& generation) {
        std::string path;
        std::string reported;
        for (const Run& run : generation.blocks)
            for (std::uint64_t i = 0; i < run.count; ++i) {
                const std::uint64_t number = run.start + i;
                bool readable = true;
                walk_block(number, [&](const Op& op) {
                    if (op.kind == Op::Kind::entry) path = op.entry.path;
                    if (op.kind != Op::Kind::data) return;
                    for (const Run& r : op.runs)
                        for (std::uint64_t k = 0; k < r.count; ++k)
                            if (path != reported && !chunks_.index().find(r.start + k)) {
                                reported = path;
                                report_({place.str(), cat(printable(path), ": chunks are lost")});
                            }
                }, readable);
                if (!readable)
                    report_({place.str(), cat("entries after ", printable(path.empty() ? "the start" : path),
                                              ": a block of the manifest is lost")});
            }
    }

    ChunkReader& chunks_;
    const std::function<void(const Finding&)>& report_;
    std::unordered_set<std::uint64_t> good_, bad_;
    Op op_;
};

} // namespace

void find_damage(const Store& store, ChunkReader& chunks, const std::function<void(const Finding&)>& report,
                 const std::function<void(std::uint64_t)>& counted, Monitor& monitor) {
    DamageFinder finder(chunks, report);
    for (const GenerationPlace& place : all_generations(store)) {
        monitor.progress(0, 0);
        const auto dir = store.open_name(place.name);
        if (!dir) continue;
        std::vector<Finding> found;
        try {
            const auto generation = try_load_generation(*dir, place.id, place.line);
            if (!generation) continue; // pruned since the list was made
            counted(1);
            if (generation->header.name != place.name)
                report({place.str(), cat("is a generation of ", printable(generation->header.name))});
            finder.look(place, *generation);
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw;
            counted(1);
            report({place.str(), e.what()});
        }
    }
}

} // namespace rs::store
