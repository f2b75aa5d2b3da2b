// SPDX-License-Identifier: Apache-2.0
#include "chunk/sha256.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <new>

#include "base/error.hpp"

namespace rs::chunk {

namespace {
// Fetched once: an implicit fetch at each start costs more than hashing a small file. Without openssl.cnf, which says
// nothing about SHA-256 and takes as long to read as all libraries to load.
const EVP_MD* algorithm() {
    static EVP_MD* const md = [] {
        OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
        return EVP_MD_fetch(nullptr, "SHA256", nullptr);
    }();
    return md;
}
} // namespace

void Sha256::Free::operator()(evp_md_ctx_st* ctx) const noexcept { EVP_MD_CTX_free(ctx); }

Sha256::Sha256() : ctx_(EVP_MD_CTX_new()) {
    if (!ctx_) throw std::bad_alloc();
    if (algorithm() == nullptr) fail(Exit::software, "libcrypto: SHA-256 is not available");
    start();
}

// The algorithm is there; to begin with it takes nothing but memory.
void Sha256::start() {
    if (ctx_ && EVP_DigestInit_ex2(ctx_.get(), algorithm(), nullptr) == 1) return;
    ctx_.reset(); // half begun; whoever goes on with it, as the next job of a thread does, fails as well
    throw std::bad_alloc();
}

void Sha256::update(ByteSpan bytes) {
    if (!ctx_) throw std::bad_alloc();
    RS_ASSERT(EVP_DigestUpdate(ctx_.get(), bytes.data(), bytes.size()) == 1);
}

Digest Sha256::finish() {
    Digest out;
    unsigned size = 0;
    if (!ctx_) throw std::bad_alloc();
    RS_ASSERT(EVP_DigestFinal_ex(ctx_.get(), reinterpret_cast<unsigned char*>(out.data()),
                                 &size) == 1 &&
              size == out.size());
    start();
    return out;
}

Digest sha256(ByteSpan bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

} // namespace rs::chunk
