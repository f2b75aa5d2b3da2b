// SPDX-License-Identifier: Apache-2.0
// password: drawn once, kept in a file of the instance that its owner alone can read.
#include <array>

#include "base/text.hpp"
#include "instance/recipes.hpp"
#include "io/file.hpp"

namespace rs::instance {

void recipe_password(Part& part) {
    const std::string path = part.get("storage-path", cat("etc/.", part.name(), ".password"));
    const auto bytes = parse_u64(part.get("bytes", "16"));
    if (!bytes || *bytes < 8 || *bytes > 1024) part.fail("bytes", "is a number from 8 to 1024");
    std::string password = part.builder.kept(path, cat("[", part.name(), "]")).value_or("");
    while (password.ends_with('\n')) password.pop_back();
    if (password.empty()) {
        Buffer drawn(*bytes);
        io::random_bytes(drawn);
        password = to_hex(as_text(drawn));
    }
    part.set("passwd", password);
    part.builder.plan().secret(part.name(), path, password + "\n");
}

} // namespace rs::instance
