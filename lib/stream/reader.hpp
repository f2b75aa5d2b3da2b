// SPDX-License-Identifier: Apache-2.0
// Reads a dump stream: segments and manifest blocks in the order they come.
#pragma once

#include <optional>
#include <variant>

#include "stream/have.hpp"
#include "stream/record.hpp"

namespace rs::stream {

class StreamReader {
public:
    // A have stream is Error(Exit::data).
    explicit StreamReader(io::Source& source);
    [[nodiscard]] const Header& header() const { return records_.header(); }
    [[nodiscard]] const std::string& name() const { return records_.name(); }

    // Views are valid until the next call. Nothing after the last one: then the trailer's digest was
    // right and its counts are what was read.
    using Event = std::variant<SegmentView, BlockView>;
    [[nodiscard]] std::optional<Event> next();
    [[nodiscard]] const Trailer& trailer() const { return records_.trailer(); }
    [[nodiscard]] std::uint64_t bytes_read() const { return records_.bytes_read(); }

private:
    RecordReader records_;
    Buffer raw_;
    Trailer seen_;
};

} // namespace rs::stream
