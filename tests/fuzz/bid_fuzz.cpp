// SPDX-License-Identifier: Apache-2.0
// Bids: what is taken is written again as it was, byte for byte.
#include "failover/bid.hpp"
#include "fuzz.hpp"

using namespace rs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(as_text(fuzz::bytes(data, size)));
    return fuzz::run([&] {
        if (failover::format_bid(failover::parse_bid(text)) != text) __builtin_trap();
    });
}
