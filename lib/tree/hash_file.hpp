// SPDX-License-Identifier: Apache-2.0
// The SHA-256 of a file that a walk has come to.
#pragma once

#include "chunk/sha256.hpp"
#include "tree/walk.hpp"

namespace rs::tree {

[[nodiscard]] chunk::Digest hash_file(const Node& node, const std::string& shown);
// The same in two steps: the node lasts until the walk goes on, the descriptor as long as it is kept.
[[nodiscard]] io::Fd open_to_hash(const Node& node, const std::string& shown);
[[nodiscard]] chunk::Digest hash_file(const io::Fd& file, const std::string& shown);

} // namespace rs::tree
