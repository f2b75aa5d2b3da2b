// SPDX-License-Identifier: Apache-2.0
// Reads a pack from its first byte to its last, without its index.
#pragma once

#include "base/monitor.hpp"
#include "store/pack_index.hpp"
#include "store/pack_writer.hpp"

namespace rs::store {

struct PackScan {
    IndexContent content;             // what an index of it must say; unreadable chunks are lost in it
    std::vector<std::string> faults; // "byte N: what is wrong"; not what the index knows to be lost
    bool frame_damaged = false;      // header, end or size is wrong, but it is known what they must be
    std::uint64_t read_bytes = 0;
    std::uint64_t verified_chunks = 0;
};

// known: the index that is there, or null. With it every chunk is compared with its id, and places that
// cannot be read are known by it; a chunk that it calls lost and that is good is no longer lost in `content`.
// Without it ids are computed, and what follows an unreadable segment header is lost. Throws only for I/O errors.
// The file is read once, in order.
[[nodiscard]] PackScan scan_pack(int fd, const std::string& path, std::uint64_t serial, const PackIndex* known,
                                 const chunk::Hasher& hasher, Monitor& monitor);

// Replaces packs/SERIAL.pack, open as `fd`, by a copy with the right header, end and size; segments stay where they
// are, those that the file no longer has are a hole. Under the store's exclusive lock. content.pack_bytes
// becomes its size.
void mend_pack(const io::Dir& packs, int fd, IndexContent& content, const StoreId& store);

} // namespace rs::store
