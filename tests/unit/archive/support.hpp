// SPDX-License-Identifier: Apache-2.0
// What tests of archives share: a monitor that remembers, dump streams as trees, commands, raw tar blocks.
#pragma once

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "archive/export.hpp"
#include "archive/writer.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/checker.hpp"
#include "stream/reader.hpp"
#include "unit/base/support.hpp"
#include "unit/io/support.hpp"

// Not rs::test: other modules' helpers have names like these.
namespace rs::archive_test {

using namespace rs::test;

class Warnings final : public Monitor {
public:
    void warn(const std::string& message) override { all.push_back(message); }
    void note(const std::string&) override {}
    void progress(std::uint64_t, std::uint64_t) override {
        if (interrupt) throw Interrupted(15);
    }
    [[nodiscard]] bool mentions(std::string_view text) const {
        for (const std::string& w : all)
            if (w.find(text) != std::string::npos) return true;
        return false;
    }

    std::vector<std::string> all;
    bool interrupt = false;
};

// An entry of a dump with all that belongs to it. Content only of files up to 64 MiB.
struct Item {
    stream::Entry entry;
    std::vector<stream::Extent> extents;
    std::uint64_t bytes = 0;
    std::string content;
    std::optional<chunk::Digest> sha256;
    std::vector<std::pair<chunk::ChunkId, std::uint32_t>> chunks;
};

struct Tree {
    stream::Header header;
    std::vector<Item> items; // in walk order
    std::map<chunk::ChunkId, std::string> chunks;
    std::uint64_t copied = 0, skipped = 0; // entries of the parent

    [[nodiscard]] const Item* find(std::string_view path) const {
        for (const Item& item : items)
            if (item.entry.path == path) return &item;
        return nullptr;
    }
    [[nodiscard]] const Item& at(std::string_view path) const {
        const Item* const item = find(path);
        if (item == nullptr) FAIL("no entry ", std::string(path));
        return *item;
    }
    // "d . d a f a/b ...": type letter (h: hardlink) and path.
    [[nodiscard]] std::string shape() const {
        std::string out;
        for (const Item& item : items)
            out += cat(out.empty() ? "" : " ", "?dflhpcbs"[static_cast<int>(item.entry.type)], " ",
                       item.entry.path.empty() ? "." : printable(item.entry.path));
        return out;
    }
};

inline constexpr std::uint64_t content_limit = 64 << 20;

// Resolves a dump against the tree it builds on (null: none), and checks what an importer checks: ids, order, links,
// digests.
[[nodiscard]] inline Tree read_tree(ByteSpan stream, const Tree* parent = nullptr) {
    io::BufferSource source(stream);
    stream::StreamReader reader(source);
    Tree out;
    out.header = reader.header();
    if (parent != nullptr) out.chunks = parent->chunks;
    const chunk::Hasher hasher(out.header.key);
    chunk::Decompressor decompressor;
    std::vector<std::pair<chunk::ChunkId, std::uint32_t>> fresh, table;
    std::size_t next = 0; // of the parent's items
    if (parent != nullptr)
        for (const Item& item : parent->items)
            table.insert(table.end(), item.chunks.begin(), item.chunks.end());
    while (const auto event = reader.next()) {
        if (const auto* const segment = std::get_if<stream::SegmentView>(&*event)) {
            Buffer raw(segment->head.raw_bytes);
            decompressor.decompress(segment->frame, raw, "segment");
            ByteSpan rest = raw;
            for (std::size_t i = 0; i < segment->head.lengths.size(); ++i) {
                const ByteSpan bytes = rest.first(segment->head.lengths[i]);
                rest = rest.subspan(bytes.size());
                REQUIRE(hasher.id(bytes) == segment->id(i));
                out.chunks[segment->id(i)] = as_text(bytes);
                fresh.emplace_back(segment->id(i), segment->head.lengths[i]);
            }
            continue;
        }
        stream::ManifestReader ops(std::get<stream::BlockView>(*event), "block");
        stream::Op op;
        while (ops.next(op)) {
            switch (op.kind) {
            case stream::Op::Kind::copy:
            case stream::Op::Kind::skip:
                REQUIRE(parent != nullptr);
                REQUIRE(op.count <= parent->items.size() - next);
                for (std::uint64_t i = 0; i < op.count; ++i, ++next)
                    if (op.kind == stream::Op::Kind::copy) out.items.push_back(parent->items[next]);
                (op.kind == stream::Op::Kind::copy ? out.copied : out.skipped) += op.count;
                break;
            case stream::Op::Kind::entry: out.items.emplace_back().entry = op.entry; break;
            case stream::Op::Kind::withdraw: FAIL("an archive withdraws nothing"); break;
            case stream::Op::Kind::end: out.items.back().sha256 = op.sha256; break;
            default: {
                Item& item = out.items.back();
                const auto kind = op.kind == stream::Op::Kind::data   ? stream::Extent::Kind::data
                                  : op.kind == stream::Op::Kind::hole ? stream::Extent::Kind::hole
                                                                      : stream::Extent::Kind::zero;
                if (item.extents.empty() || item.extents.back().kind != kind)
                    item.extents.push_back({kind, 0, 0});
                item.extents.back().bytes += op.bytes;
                item.bytes += op.bytes;
                if (kind != stream::Extent::Kind::data) {
                    if (item.bytes <= content_limit) item.content.append(op.bytes, '\0');
                    break;
                }
                item.extents.back().chunks += op.chunks;
                std::uint64_t total = 0;
                for (const stream::Run& run : op.runs)
                    for (std::uint64_t i = 0; i < run.count; ++i) {
                        std::pair<chunk::ChunkId, std::uint32_t> chunk;
                        if (run.kind == stream::Run::Kind::fresh) chunk = fresh.at(run.start + i);
                        if (run.kind == stream::Run::Kind::parent) chunk = table.at(run.start + i);
                        if (run.kind == stream::Run::Kind::named)
                            chunk.first = op.ids.at(run.start + i);
                        const std::string& bytes = out.chunks.at(chunk.first);
                        chunk.second = static_cast<std::uint32_t>(bytes.size());
                        item.chunks.push_back(chunk);
                        total += bytes.size();
                        if (item.bytes <= content_limit) item.content += bytes;
                    }
                REQUIRE(total == op.bytes);
            }
            }
        }
    }
    if (parent != nullptr) REQUIRE(next == parent->items.size());
    stream::Checker checker("tree");
    for (const Item& item : out.items) {
        stream::Op op;
        op.entry = item.entry;
        checker.feed(op);
        if (item.entry.type == stream::Type::hardlink) {
            const Item& first = out.at(item.entry.target);
            REQUIRE(first.entry.type != stream::Type::hardlink);
            REQUIRE(first.entry.type != stream::Type::directory);
        }
        if (item.entry.type != stream::Type::file) continue;
        for (const stream::Extent& x : item.extents) {
            op.kind = x.kind == stream::Extent::Kind::data   ? stream::Op::Kind::data
                      : x.kind == stream::Extent::Kind::hole ? stream::Op::Kind::hole
                                                             : stream::Op::Kind::zero;
            op.bytes = x.bytes;
            op.chunks = x.chunks;
            checker.feed(op);
        }
        op.kind = stream::Op::Kind::end;
        op.sha256 = item.sha256;
        checker.feed(op);
        if (item.sha256 && item.bytes <= content_limit)
            REQUIRE(*item.sha256 == chunk::sha256(as_bytes(item.content)));
    }
    checker.finish();
    return out;
}

// What a store that holds the tree says of it. lost: places in the chunk table.
[[nodiscard]] inline Buffer have_stream(const Tree& tree,
                                        const std::vector<std::size_t>& lost = {}) {
    stream::Header header = tree.header;
    header.purpose = stream::Purpose::have;
    header.parent = stream::Parent{tree.header.generation, {}};
    io::BufferSink sink;
    stream::HaveWriter out(sink, header);
    std::size_t place = 0;
    for (const Item& item : tree.items)
        for (const auto& [id, length] : item.chunks) {
            const bool gone = std::find(lost.begin(), lost.end(), place++) != lost.end();
            out.chunk(id, gone ? 0 : length);
        }
    for (const Item& item : tree.items) {
        stream::Op op;
        op.entry = item.entry;
        out.op(op);
        if (item.entry.type != stream::Type::file) continue;
        for (const stream::Extent& x : item.extents) {
            op.kind = x.kind == stream::Extent::Kind::data   ? stream::Op::Kind::data
                      : x.kind == stream::Extent::Kind::hole ? stream::Op::Kind::hole
                                                             : stream::Op::Kind::zero;
            op.bytes = x.bytes;
            op.chunks = x.chunks;
            out.op(op);
        }
        op.kind = stream::Op::Kind::end;
        op.sha256 = item.sha256;
        out.op(op);
    }
    out.finish();
    return sink.take();
}

[[nodiscard]] inline stream::Header dump_header(std::uint64_t counter = 1) {
    stream::Header h;
    h.generation = {1, counter};
    h.time = {1'795'176'000, 500};
    h.key[0] = std::byte{42};
    return h;
}

struct Exported {
    Tree tree;
    archive::ExportResult result;
    std::vector<std::string> warnings;
};

[[nodiscard]] inline Exported export_bytes(ByteSpan archive, const archive::Options& options = {},
                                           const Tree* parent = nullptr,
                                           const std::vector<std::size_t>& lost = {},
                                           std::size_t piece = SIZE_MAX) {
    io::BufferSource in(archive, piece, "archive");
    io::BufferSink sink;
    Warnings monitor;
    stream::Header header =
        dump_header(parent != nullptr ? parent->header.generation.counter + 1 : 1);
    Buffer have_bytes;
    std::optional<io::BufferSource> have_source;
    std::optional<stream::HaveReader> have;
    if (parent != nullptr) {
        have_bytes = have_stream(*parent, lost);
        have_source.emplace(have_bytes);
        have.emplace(*have_source);
        header.parent = have->header().parent;
    }
    Exported out;
    out.result =
        archive::export_archive(in, options, have ? &*have : nullptr, header, sink, monitor);
    out.tree = read_tree(sink.bytes(), parent);
    out.warnings = monitor.all;
    CHECK(out.result.entries == out.tree.items.size());
    CHECK(out.result.unchanged_entries == out.tree.copied);
    return out;
}

[[nodiscard]] inline Exported export_bytes(std::string_view archive,
                                           const archive::Options& options = {},
                                           const Tree* parent = nullptr) {
    return export_bytes(as_bytes(archive), options, parent);
}

// Of an export that must fail; what had been written by then must be no whole stream.
[[nodiscard]] inline Failure export_failure(ByteSpan archive,
                                            const archive::Options& options = {}) {
    io::BufferSource in(archive, SIZE_MAX, "archive");
    io::BufferSink sink;
    Warnings monitor;
    const Failure failure = failure_of(
        [&] { (void)archive::export_archive(in, options, nullptr, dump_header(), sink, monitor); });
    if (failure.code == Exit::ok) return failure;
    const Failure reading = failure_of([&] {
        io::BufferSource source(sink.bytes());
        stream::StreamReader reader(source);
        while (reader.next()) {
        }
    });
    CHECK(reading.code == Exit::data);
    return failure;
}

[[nodiscard]] inline Failure export_failure(std::string_view archive,
                                            const archive::Options& options = {}) {
    return export_failure(as_bytes(archive), options);
}

// ---- raw tar ----

struct TarMember {
    std::string name;
    char type = '0';
    std::string content;
    std::string link;
    unsigned mode = 0644;
    std::vector<std::pair<std::string, std::string>> pax; // records of an extended header
};

[[nodiscard]] inline std::string tar_block(const TarMember& m) {
    std::string head(512, '\0');
    const auto put = [&](std::size_t at, std::string_view text) {
        head.replace(at, text.size(), text);
    };
    const auto octal = [&](std::size_t at, std::size_t width, std::uint64_t value) {
        char text[24];
        std::snprintf(text, sizeof text, "%0*llo", static_cast<int>(width - 1),
                      static_cast<unsigned long long>(value));
        put(at, text);
    };
    put(0, std::string_view(m.name).substr(0, 100));
    octal(100, 8, m.mode);
    octal(108, 8, 0);
    octal(116, 8, 0);
    octal(124, 12, m.content.size());
    octal(136, 12, 1'500'000'000);
    put(148, "        ");
    head[156] = m.type;
    put(157, std::string_view(m.link).substr(0, 100));
    put(257, std::string_view("ustar\00000", 8));
    unsigned sum = 0;
    for (const char c : head) sum += static_cast<unsigned char>(c);
    octal(148, 7, sum);
    head += m.content;
    head.append((512 - head.size() % 512) % 512, '\0');
    return head;
}

[[nodiscard]] inline std::string tar_member(const TarMember& m) {
    std::string out;
    if (!m.pax.empty()) {
        std::string records;
        for (const auto& [key, value] : m.pax) {
            const std::size_t rest = key.size() + value.size() + 3;
            std::size_t length = rest + 1;
            while (rest + std::to_string(length).size() != length) ++length;
            records += std::to_string(length) + " " + key + "=" + value + "\n";
        }
        out += tar_block({"PaxHeaders/x", 'x', records, "", 0644, {}});
    }
    return out + tar_block(m);
}

[[nodiscard]] inline std::string tar_of(const std::vector<TarMember>& members, bool end = true) {
    std::string out;
    for (const TarMember& m : members) out += tar_member(m);
    return out + std::string(end ? 1024 : 0, '\0');
}

// ---- commands ----

[[nodiscard]] inline bool installed(const std::string& tool) {
    return std::system(cat("command -v ", tool, " >/dev/null 2>&1").c_str()) == 0;
}

// sh -c; what it writes to stdout. Any status but 0 fails the test.
inline std::string shell(const std::string& command) {
    INFO(command);
    FILE* const pipe = ::popen(cat("LC_ALL=C.UTF-8; export LC_ALL; ", command).c_str(), "re");
    REQUIRE(pipe != nullptr);
    std::string out;
    char piece[65536];
    for (std::size_t n = 0; (n = std::fread(piece, 1, sizeof piece, pipe)) > 0;)
        out.append(piece, n);
    const int status = ::pclose(pipe);
    CHECK(status == 0);
    return out;
}

// tests/lib of the sources
[[nodiscard]] inline std::string helper(std::string_view name) {
    return cat(RS_TEST_DATA "/../lib/", name);
}

// ---- writing ----

// Gives the whole tree to an ArchiveWriter. piece: how many bytes of data at once.
[[nodiscard]] inline Buffer write_archive(const Tree& tree, archive::Format format,
                                          Monitor& monitor, std::size_t piece = 10'000) {
    io::BufferSink sink;
    archive::ArchiveWriter out(sink, format, monitor);
    const bool links = archive::has_hard_links(format);
    for (const Item& item : tree.items)
        if (item.entry.type == stream::Type::hardlink) out.expect_link(item.entry.target);
    for (const Item& item : tree.items) {
        const Item* content = &item;
        stream::Entry entry = item.entry;
        if (entry.type == stream::Type::hardlink && !links) {
            content = &tree.at(entry.target);
            entry = content->entry;
            entry.path = item.entry.path;
        }
        if (!out.begin(entry, content->bytes, content->extents)) continue;
        std::uint64_t at = 0;
        for (const stream::Extent& x : content->extents) {
            const std::uint64_t end = at + x.bytes;
            for (; x.kind == stream::Extent::Kind::data && at < end;
                 at += std::min<std::uint64_t>(piece, end - at))
                out.data(as_bytes(std::string_view(content->content)
                                      .substr(at, std::min<std::uint64_t>(piece, end - at))));
            at = end;
        }
        out.end();
    }
    out.finish();
    return sink.take();
}

} // namespace rs::archive_test
