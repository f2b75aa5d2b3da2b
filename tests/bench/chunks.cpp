// SPDX-License-Identifier: Apache-2.0
// bench-chunks DIR COUNT: makes a tree below DIR of COUNT chunks in 25 files, and writes it to standard output as the
// dump stream of an exporter that cuts far smaller than ours: chunks of 32 bytes, so that a store of ten million needs
// 400 MB and not 50 GB. What a reader keeps for each chunk does not depend on its length.
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "chunk/id.hpp"
#include "io/file.hpp"
#include "io/stream.hpp"
#include "stream/writer.hpp"

namespace {

using namespace rs;

constexpr std::uint64_t files = 25;
constexpr std::size_t chunk_bytes = 32;

// The nth chunk of all: its number, and bytes that look random enough not to be compressed away.
std::array<std::byte, chunk_bytes> content(std::uint64_t n) {
    std::array<std::byte, chunk_bytes> out{};
    std::uint64_t word = n;
    for (std::size_t at = 0; at < chunk_bytes; at += sizeof word) {
        std::memcpy(out.data() + at, &word, sizeof word);
        word = (word ^ (word >> 31)) * 0x9e3779b97f4a7c15ULL + 1;
    }
    return out;
}

stream::Entry entry_of(int fd, const std::string& path, stream::Type type) {
    const struct stat st = io::stat_fd(fd, path);
    stream::Entry e;
    e.type = type;
    e.path = path;
    e.mode = st.st_mode & 07777;
    e.uid = st.st_uid;
    e.gid = st.st_gid;
    e.mtime = {st.st_mtim.tv_sec, static_cast<std::uint32_t>(st.st_mtim.tv_nsec)};
    return e;
}

void run(const std::string& directory, std::uint64_t count) {
    const io::Dir dir = io::open_dir(directory);
    stream::Header header;
    header.generation = {1, 1};
    io::random_bytes(header.key);
    const chunk::Hasher hasher(header.key);
    io::FdSink sink(STDOUT_FILENO, "standard output");
    stream::StreamWriter writer(sink, header, {});
    writer.entry(entry_of(dir.get(), "", stream::Type::directory));
    std::uint64_t n = 0;
    for (std::uint64_t file = 0; file < files; ++file) {
        const std::string name = {'f', static_cast<char>('a' + file)};
        const io::Fd fd(::openat(dir.get(), name.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644));
        if (!fd) fail_errno(Exit::cant_create, name, "create");
        const std::uint64_t end = count * (file + 1) / files;
        Buffer bytes;
        for (std::uint64_t i = n; i < end; ++i) append(bytes, content(i));
        io::write_all(fd.get(), bytes, name);
        writer.entry(entry_of(fd.get(), name, stream::Type::file));
        for (; n < end; ++n) {
            const auto chunk = content(n);
            const std::uint64_t number = writer.add_chunk(chunk, hasher.id(chunk));
            writer.data({stream::Run::Kind::fresh, number, 1}, chunk_bytes);
        }
        writer.end(chunk::sha256(bytes));
    }
    writer.finish(false, std::nullopt);
    sink.flush();
}

} // namespace

int main(int argc, char** argv) {
    std::uint64_t count = 0;
    if (argc != 3 || std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), count).ec != std::errc() || count < files) {
        std::fprintf(stderr, "usage: bench-chunks DIR COUNT >STREAM\n");
        return 64;
    }
    try {
        run(argv[1], count);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench-chunks: error: %s\n", error.what());
        return 70;
    }
}
