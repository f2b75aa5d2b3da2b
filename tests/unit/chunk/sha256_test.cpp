// SPDX-License-Identifier: Apache-2.0
#include "chunk/sha256.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::chunk;

namespace {

std::string hex(const Digest& digest) { return to_hex(as_text(digest)); }

} // namespace

TEST_CASE("SHA-256 of known texts is that of FIPS 180-4") {
    struct Row {
        std::string_view text;
        std::string_view digest;
    };
    static constexpr Row rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmn"
         "opqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(hex(sha256(as_bytes(row.text))) == row.digest);
    }
    CHECK(hex(sha256(Buffer(1'000'000, std::byte{'a'}))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("the digest does not depend on the pieces") {
    const Buffer bytes = Random(61).bytes(20'000);
    const Digest expected = sha256(bytes);
    Sha256 hash;
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 15U, 63U, 64U, 65U, 100U, 10'000U}) {
        CAPTURE(piece);
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            hash.update(ByteSpan(bytes).subspan(at, std::min(piece, bytes.size() - at)));
            hash.update({});
        }
        CHECK(hex(hash.finish()) == hex(expected));
    }
}

TEST_CASE("after its digest an object starts anew") {
    Sha256 hash;
    hash.update(as_bytes("something else"));
    (void)hash.finish();
    CHECK(hex(hash.finish()) == hex(sha256({})));
    hash.update(as_bytes("abc"));
    CHECK(hex(hash.finish()) == hex(sha256(as_bytes("abc"))));
}

TEST_CASE("two digests may be under way at once") {
    Sha256 a, b;
    a.update(as_bytes("a"));
    b.update(as_bytes("x"));
    a.update(as_bytes("bc"));
    CHECK(hex(b.finish()) == hex(sha256(as_bytes("x"))));
    CHECK(hex(a.finish()) == hex(sha256(as_bytes("abc"))));
}
