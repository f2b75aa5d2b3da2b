// SPDX-License-Identifier: Apache-2.0
#include "instance/md5.hpp"

#include <openssl/evp.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::instance {

std::string md5_hex(std::string_view bytes) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_md5(), nullptr) != 1)
        fail(Exit::software, "libcrypto has no MD5");
    return to_hex({reinterpret_cast<const char*>(out), size});
}

} // namespace rs::instance
