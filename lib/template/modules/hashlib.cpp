// SPDX-License-Identifier: Apache-2.0
// hashlib, by libcrypto.
#include <openssl/evp.h>

#include <memory>

#include "base/text.hpp"
#include "template/modules/modules.hpp"
#include "template/text/unicode.hpp"

namespace rs::tmpl {

using ValueKind = tmpl::Kind;

namespace {

struct Free {
    void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
};
using Context = std::unique_ptr<EVP_MD_CTX, Free>;

struct Algorithm {
    const char* name;
    const EVP_MD* (*get)();
};
constexpr Algorithm algorithms[] = {{"md5", EVP_md5},       {"sha1", EVP_sha1},
                                    {"sha224", EVP_sha224}, {"sha256", EVP_sha256},
                                    {"sha384", EVP_sha384}, {"sha512", EVP_sha512}};

void must(int result) {
    if (result != 1) raise("ValueError", "libcrypto refuses this hash");
}

Context copy_of(const Context& from) {
    Context out(EVP_MD_CTX_new());
    must(out ? EVP_MD_CTX_copy_ex(out.get(), from.get()) : 0);
    return out;
}

std::string digest_of(const Context& c) {
    const Context last = copy_of(c); // more may be added afterwards
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    must(EVP_DigestFinal_ex(last.get(), out, &size));
    return std::string(reinterpret_cast<const char*>(out), size);
}

void add(const Context& to, const Value& v) {
    must_be_defined(v);
    if (v.is(ValueKind::text)) raise("TypeError", "Strings must be encoded before hashing");
    if (!v.is(ValueKind::bytes)) raise("TypeError", "object supporting the buffer API required");
    must(EVP_DigestUpdate(to.get(), v.text().data(), v.text().size()));
}

Value make(Heap& heap, const char* name, const std::shared_ptr<Context>& context) {
    const Value out = make_object(heap, "_hashlib.HASH");
    heap.spend(512); // what libcrypto takes for one
    set_attribute(out, "name", heap.text(name));
    set_attribute(out, "digest_size", std::int64_t{EVP_MD_CTX_get_size(context->get())});
    set_attribute(out, "block_size", std::int64_t{EVP_MD_CTX_get_block_size(context->get())});
    set_attribute(out, "update", heap.function("update", [context](Call& c) -> Value {
        positional_only(c, 1, 1);
        add(*context, c.args[0]);
        return {};
    }));
    set_attribute(out, "digest", heap.function("digest", [context](Call& c) {
        positional_only(c, 0, 0);
        return c.heap.bytes(digest_of(*context));
    }));
    set_attribute(out, "hexdigest", heap.function("hexdigest", [context](Call& c) {
        positional_only(c, 0, 0);
        return c.heap.text(to_hex(digest_of(*context)));
    }));
    set_attribute(out, "copy", heap.function("copy", [context, name](Call& c) {
        positional_only(c, 0, 0);
        return make(c.heap, name, std::make_shared<Context>(copy_of(*context)));
    }));
    return out;
}

Value start(Heap& heap, const Algorithm& algorithm, const Value* first) {
    const auto context = std::make_shared<Context>(EVP_MD_CTX_new());
    must(*context ? EVP_DigestInit_ex(context->get(), algorithm.get(), nullptr) : 0);
    if (first != nullptr) add(*context, *first);
    return make(heap, algorithm.name, context);
}

template <std::size_t I>
Value hash(Call& c) {
    return start(c.heap, algorithms[I], bind(c, {"string", "usedforsecurity"}, 0, 1)[0]);
}

Value by_name(Call& c) {
    const auto a = bind(c, {"name", "data", "usedforsecurity"}, 1, 2);
    std::string name = lower(text_of(*a[0], "name"));
    for (const Algorithm& x : algorithms)
        if (name == x.name) return start(c.heap, x, a[1]);
    raise("NotSupported", cat("the hash ", printable(name)));
}

constexpr Function functions[] = {{"md5", hash<0>},    {"new", by_name},    {"sha1", hash<1>},
                                  {"sha224", hash<2>}, {"sha256", hash<3>}, {"sha384", hash<4>},
                                  {"sha512", hash<5>}};
constexpr const char* others = "only md5, sha1 and sha2 are there";
constexpr Refusal refusals[] = {
    {"blake2b", others},     {"blake2s", others},  {"sha3_224", others},   {"sha3_256", others},
    {"sha3_384", others},    {"sha3_512", others}, {"shake_128", others},  {"shake_256", others},
    {"pbkdf2_hmac", others}, {"scrypt", others},   {"file_digest", others}};

} // namespace

Value module_hashlib(Interpreter& in) { return make_module(in, "hashlib", functions, refusals); }

} // namespace rs::tmpl
