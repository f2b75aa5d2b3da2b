// SPDX-License-Identifier: Apache-2.0
// Whatever the bytes are: a dump stream is read to its end or refused, nothing else.
#include "fuzz.hpp"
#include "stream/checker.hpp"
#include "stream/reader.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::run([&] {
        io::BufferSource source(fuzz::bytes(data, size), 4096);
        stream::StreamReader reader(source);
        stream::Checker checker("fuzz");
        chunk::Decompressor decompressor;
        Buffer raw;
        stream::Op op;
        while (auto event = reader.next()) {
            if (const auto* const segment = std::get_if<stream::SegmentView>(&*event)) {
                raw.resize(segment->head.raw_bytes);
                decompressor.decompress(segment->frame, raw, "fuzz");
                continue;
            }
            stream::ManifestReader block(std::get<stream::BlockView>(*event), "fuzz");
            while (block.next(op))
                if (op.kind != stream::Op::Kind::copy && op.kind != stream::Op::Kind::skip) checker.feed(op);
        }
        checker.finish();
    });
}
