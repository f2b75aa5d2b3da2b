// SPDX-License-Identifier: Apache-2.0
#include "stream/reader.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::stream {

StreamReader::StreamReader(io::Source& source) : records_(source) {
    if (header().purpose != Purpose::dump)
        fail(Exit::data, cat(name(), ": a have stream, not a dump"),
             "a have stream is read with --have; a dump comes from rs-export or rs-pull --emit");
}

std::optional<StreamReader::Event> StreamReader::next() {
    const auto record = records_.next();
    if (!record) {
        const Trailer& t = records_.trailer();
        if (t.segments != seen_.segments || t.chunks != seen_.chunks ||
            t.chunk_bytes != seen_.chunk_bytes || t.blocks != seen_.blocks)
            fail(Exit::data, cat(name(), ": the counts in the trailer are not those of the stream"));
        return std::nullopt;
    }
    switch (record->type) {
    case RecordType::segment: {
        SegmentView view = decode_segment(record->payload, cat(name(), ": segment ", seen_.segments));
        ++seen_.segments;
        seen_.chunks += view.head.lengths.size();
        seen_.chunk_bytes += view.head.raw_bytes;
        return view;
    }
    case RecordType::manifest:
        ++seen_.blocks;
        return unpack_block(record->payload, raw_, cat(name(), ": manifest block ", seen_.blocks));
    default: fail(Exit::data, cat(name(), ": a record that does not belong in a dump"));
    }
}

} // namespace rs::stream
