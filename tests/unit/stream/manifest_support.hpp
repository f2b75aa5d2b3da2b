// SPDX-License-Identifier: Apache-2.0
// What the tests of manifest.hpp share: blocks as a writer makes them, and as none does.
#pragma once

#include <functional>

#include "stream/manifest.hpp"
#include "unit/stream/support.hpp"

namespace rs::test {

using namespace rs::stream;

inline const std::vector<Run::Kind> all_kinds{Run::Kind::stored, Run::Kind::fresh, Run::Kind::parent, Run::Kind::named};

inline Buffer pack(const ManifestBlock& block) {
    Buffer out;
    encode_block(out, block);
    return out;
}

// A block of these ops and refs, as no writer makes it.
struct Forged {
    Buffer refs, ops;
    Forged& op(const std::function<void(Encoder&)>& f) {
        Encoder out(ops);
        f(out);
        return *this;
    }
    Forged& ref(const std::function<void(Encoder&)>& f) {
        Encoder out(refs);
        f(out);
        return *this;
    }
    [[nodiscard]] Exit code(bool implicit_refs = false) const {
        return code_of([&] { (void)read_ops({refs, ops}, implicit_refs); });
    }
};

inline void run_of(Encoder& out, Run::Kind kind, std::uint64_t count, std::int64_t from_expected) {
    out.varint(count << 2 | static_cast<std::uint64_t>(kind));
    out.svarint(from_expected);
}

} // namespace rs::test
