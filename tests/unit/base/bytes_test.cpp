// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <doctest/doctest.h>

#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;

TEST_CASE("text and bytes are two views of the same memory") {
    const std::string text("a\0\xff", 3);
    const ByteSpan bytes = as_bytes(text);
    CHECK(bytes.size() == 3);
    CHECK(bytes[2] == std::byte{0xff});
    CHECK(as_text(bytes) == text);
    CHECK(as_text(bytes).data() == text.data());
    CHECK(as_text(as_bytes("")).empty());
}

TEST_CASE("appending keeps what is there and may append nothing") {
    Buffer out;
    append(out, {});
    CHECK(out.empty());
    append(out, as_bytes("ab"));
    append(out, {});
    append(out, as_bytes("c"));
    CHECK(as_text(out) == "abc");
}

TEST_CASE("spans are equal if sizes and bytes are") {
    CHECK(equal({}, {}));
    CHECK(equal(as_bytes("abc"), as_bytes(std::string("abc"))));
    CHECK_FALSE(equal(as_bytes("abc"), as_bytes("abd")));
    CHECK_FALSE(equal(as_bytes("abc"), as_bytes("ab")));
    CHECK_FALSE(equal({}, as_bytes("a")));
}

TEST_CASE("one byte that is not zero is found at every place of every size") {
    for (std::size_t size = 0; size < 40; ++size) {
        CAPTURE(size);
        for (std::size_t start = 0; start < 8; ++start) {
            Buffer memory(start + size, std::byte{0});
            const auto view = [&] { return ByteSpan(memory).subspan(start); };
            CHECK(all_zero(view()));
            for (std::size_t i = 0; i < size; ++i) {
                CAPTURE(i);
                memory[start + i] = std::byte{0x80};
                CHECK_FALSE(all_zero(view()));
                memory[start + i] = std::byte{0};
            }
        }
    }
}
