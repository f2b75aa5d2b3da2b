// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

namespace rs {

// Out of line: inlined into Encoder, g++ 12 warns of an overflow that cannot happen.
void append(Buffer& out, ByteSpan bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

} // namespace rs
