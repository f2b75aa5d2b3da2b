// SPDX-License-Identifier: Apache-2.0
// A raw disk image: holes, and files of blocks whose contents are functions of (seed, block,
// round).
#include "workload.hpp"

#include "files.hpp"
#include "pen.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::uint64_t block_size = 4096;
constexpr std::uint64_t year_2026 = 1767225600; // seconds

enum class Kind : std::uint8_t { hole, zero, prose, code, noise };

// 2^least <= result < 2^most, every power of two as likely.
std::uint64_t log_uniform(Random& random, std::uint32_t least, std::uint32_t most) {
    const std::uint64_t low = std::uint64_t{1} << random.between(least, most - 1);
    return low + random.below(low);
}

Kind pick_kind(Random& random) {
    const std::uint32_t draw = random.below(100);
    return draw < 9 ? Kind::zero : draw < 54 ? Kind::prose : draw < 90 ? Kind::code : Kind::noise;
}

// What each block holds. Holes are 64 KiB to 8 MiB in steps of 64 KiB, each followed by twice the
// last but one's length of data, so that a third of the image is holes.
std::vector<Kind> lay_out(std::uint64_t blocks, std::uint64_t seed) {
    constexpr std::uint64_t step = 16; // blocks, 64 KiB
    Random random(hash_of(seed, 0xD15C));
    std::vector<Kind> kinds;
    kinds.reserve(blocks);
    std::array<std::uint64_t, 2> before = {step, 8 * step};
    while (kinds.size() < blocks) {
        const std::uint64_t data = 2 * before[0];
        const std::uint64_t hole = log_uniform(random, 0, 7) * step;
        before = {before[1], hole};
        for (const std::uint64_t end = kinds.size() + data; kinds.size() < end;) {
            const std::uint64_t file = std::min(log_uniform(random, 0, 9), end - kinds.size());
            kinds.insert(kinds.end(), file, pick_kind(random));
        }
        kinds.insert(kinds.end(), hole, Kind::hole);
    }
    kinds.resize(blocks);
    return kinds;
}

void fill(std::span<char> block, Kind kind, std::uint64_t seed) {
    Random random(seed);
    switch (kind) {
    case Kind::hole:
    case Kind::zero: std::fill(block.begin(), block.end(), '\0'); break;
    case Kind::prose: fill_prose(block, random); break;
    case Kind::code: fill_machine_code(block, random); break;
    case Kind::noise: fill_random(block, random); break;
    }
}

void create(Fd& file, const std::vector<Kind>& kinds, std::uint64_t seed) {
    if (::ftruncate(file.number(), static_cast<off_t>(kinds.size() * block_size)) != 0)
        throw std::system_error(errno, std::generic_category(), "ftruncate");
    std::vector<char> buffer(256 * block_size);
    for (std::uint64_t block = 0; block < kinds.size();) {
        const std::uint64_t start = block;
        std::uint64_t used = 0;
        for (; block < kinds.size() && kinds[block] != Kind::hole && used < buffer.size();
             ++block, used += block_size)
            fill({buffer.data() + used, block_size}, kinds[block], hash_of(seed, block));
        file.write_at({buffer.data(), used}, start * block_size);
        while (block < kinds.size() && kinds[block] == Kind::hole) ++block;
    }
}

void apply(Fd& file, const std::vector<Kind>& kinds, std::uint64_t seed, unsigned round) {
    std::vector<std::uint64_t> allocated;
    for (std::uint64_t block = 0; block < kinds.size(); ++block)
        if (kinds[block] != Kind::hole) allocated.push_back(block);
    constexpr std::uint32_t longest_run =
        10; // blocks, as a file system writes; 1 would be a database's single pages
    Random random(hash_of(seed, 0xD0, round));
    std::array<char, block_size> buffer;
    for (std::uint64_t left = std::max<std::uint64_t>(kinds.size() / 200, 1); left > 0;) { // 0.5%
        std::uint64_t index = random.below(allocated.size());
        for (std::uint32_t run = random.between(1, longest_run);
             run > 0 && left > 0 && index < allocated.size(); --run, --left) {
            const std::uint64_t block = allocated[index++];
            fill(buffer, kinds[block] == Kind::zero ? Kind::prose : kinds[block],
                 hash_of(seed, block, round));
            file.write_at(buffer, block * block_size);
        }
    }
}

} // namespace

void write_image(const std::filesystem::path& file, std::uint64_t bytes, std::uint64_t seed,
                 unsigned round) {
    const std::vector<Kind> kinds = lay_out(bytes / block_size, seed);
    const bool fresh = !std::filesystem::exists(file);
    if (!fresh && round == 0)
        throw std::runtime_error(file.string() + ": exists, and round 0 makes a new image");
    Fd fd(file, O_RDWR | O_CREAT);
    if (fresh) create(fd, kinds, seed);
    for (unsigned i = fresh ? 1 : round; i <= round; ++i) apply(fd, kinds, seed, i);
    fd.close();
    set_time(file, year_2026 + round * std::uint64_t{86400});
}

} // namespace bench
