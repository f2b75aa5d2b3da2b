// SPDX-License-Identifier: Apache-2.0
// What all fuzz targets share: an Error is the right answer to bad input, anything else is a finding.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace rs::fuzz {

inline ByteSpan bytes(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

template <class F>
int run(F&& body) {
    try {
        body();
    } catch (const Error&) {
    }
    return 0;
}

} // namespace rs::fuzz
