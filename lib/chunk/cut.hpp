// SPDX-License-Identifier: Apache-2.0
// Where a chunk ends: FastCDC with normalised chunking (W. Xia et al., USENIX ATC 2016).
//
// A cut depends only on the bytes since the last one. So a list of chunks of an older version
// predicts the next cut: if the bytes at the predicted length have the predicted id, they end where
// this function would end them, and it need not be called (it rolls over 2 to 3 GB/s, hashing
// with XXH3 is some times faster). Only a file's last chunk predicts nothing unless the file ends there.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "chunk/params.hpp"

namespace rs::chunk {

// Length of the chunk at the start of `bytes`: between 1 and max_bytes(). `bytes` must hold
// max_bytes() or all that is left of the file; it must not be empty.
[[nodiscard]] std::size_t cut(ByteSpan bytes, const Params& params);

// The gear table: the first 256 outputs of SplitMix64 (S. Vigna, public domain) from state 0.
[[nodiscard]] const std::array<std::uint64_t, 256>& gear_table();

} // namespace rs::chunk
