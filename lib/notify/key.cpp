// SPDX-License-Identifier: Apache-2.0
#include "notify/key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.hpp"
#include "io/file.hpp"

namespace rs::notify {

Key Key::load(const std::string& path) {
    const io::Fd fd = io::open_file(path);
    const struct stat st = io::stat_fd(fd.get(), path);
    if (!S_ISREG(st.st_mode)) fail(Exit::config, cat(printable(path), ": not a file"));
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fail(Exit::config, cat(printable(path), ": a key that others may read"), "chmod 600, and make a new one");
    Buffer bytes = io::read_file(fd.get(), max_key_bytes, path);
    std::string_view text = as_text(bytes);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    Key key{std::string(text)};
    ::OPENSSL_cleanse(bytes.data(), bytes.size());
    if (key.secret_.size() < min_key_bytes)
        fail(Exit::config, cat(printable(path), ": a key of less than ", min_key_bytes, " bytes"));
    return key;
}

Key::~Key() { ::OPENSSL_cleanse(secret_.data(), secret_.size()); }

std::string Key::mac(std::string_view text) const {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const unsigned char* const done =
        ::HMAC(::EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
               reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
    RS_ASSERT(done != nullptr);
    return to_hex({reinterpret_cast<const char*>(out), size});
}

bool Key::verify(std::string_view text, std::string_view mac) const {
    const std::string right = this->mac(text);
    return mac.size() == right.size() && ::CRYPTO_memcmp(mac.data(), right.data(), right.size()) == 0;
}

} // namespace rs::notify
