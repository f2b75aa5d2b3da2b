// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"
#include "base/text.hpp"
#include "store/pull.hpp"
#include "store/resolver.hpp"
#include "stream/have.hpp"

namespace rs::store {

namespace {

// The newest generation whose file and whose every manifest block can be read.
std::optional<GenerationFile> newest_readable(const io::Dir& name_dir, const std::vector<Generation>& all,
                                              ChunkReader& chunks, std::optional<NumberList>& refs, Monitor& monitor) {
    for (auto id = all.rbegin(); id != all.rend(); ++id) {
        try {
            auto file = try_load_generation(name_dir, *id, Line::main);
            if (!file) continue;
            refs = flat_references(*file, chunks);
            return file;
        } catch (const Error& e) {
            if (e.code() != Exit::data) throw;
            refs.reset();
            monitor.note(cat("generation ", id->str(), " cannot be built upon: ", e.what()));
        }
    }
    return std::nullopt;
}

} // namespace

void write_have(const Store& store, const std::string& name, io::Sink& sink, Monitor& monitor) {
    store.sweep();
    stream::Header header;
    header.purpose = stream::Purpose::have;
    header.key = store.config().key;
    header.store = store.config().id;
    header.name = name;
    const auto name_dir = store.open_name(name);
    std::vector<Generation> all; // listed before the index is loaded: what is published in between is not known to it
    if (name_dir) all = list_generations(*name_dir, Line::main);
    Index index = store.load_index();
    const chunk::Hasher hasher(store.config().key);
    ChunkReader chunks(store, index, hasher);
    std::optional<GenerationFile> parent;
    std::optional<NumberList> refs;
    if (name_dir) {
        if (!all.empty()) header.generation = all.back();
        parent = newest_readable(*name_dir, all, chunks, refs, monitor);
    }
    if (parent) {
        header.parent = stream::Parent{parent->id(), parent->digest};
        header.time = parent->header.time;
    }
    stream::HaveWriter writer(sink, header);
    if (refs)
        refs->resolve(0, refs->size(), [&](const stream::Run& run) {
            for (std::uint64_t i = 0; i < run.count; ++i) {
                const auto place = index.find(run.start + i);
                if (place)
                    writer.chunk(place->pack->id(place->position), place->pack->length(place->position));
                else
                    writer.chunk({}, 0);
            }
        });
    for (const auto& pack : store.partial_packs(name))
        for (std::uint32_t i = 0; i < pack->chunks(); ++i)
            if (!pack->lost(i) && pack->segments()[pack->segment_of(i)].kind == SegmentKind::data) writer.loose(pack->id(i));
    if (parent) {
        GenerationReader reader(*parent, chunks);
        stream::Op op;
        while (reader.next(op)) writer.op(op);
    }
    writer.finish();
}

} // namespace rs::store
