// SPDX-License-Identifier: Apache-2.0
// A generation of a store as a dump stream, whole or as what a have stream lacks.
#pragma once

#include "base/monitor.hpp"
#include "io/stream.hpp"
#include "store/generation.hpp"
#include "stream/have.hpp"
#include "stream/writer.hpp"

namespace rs::store {

struct EmitResult {
    std::uint64_t copied_entries = 0; // that the other side has
    std::uint64_t sent_entries = 0;
    std::uint64_t sent_chunks = 0, sent_bytes = 0; // before compression
};

// have: a have stream read up to its entries, or null. One with another key is treated as empty. Segments
// go out as they are stored where at least half of them is needed; otherwise their chunks are
// gathered into new ones. A chunk that cannot be read is Error(Exit::data), and the stream has no trailer.
EmitResult emit(const Store& store, const GenerationFile& generation, stream::HaveReader* have, io::Sink& sink,
                const stream::WriterOptions& options, Monitor& monitor);

} // namespace rs::store
