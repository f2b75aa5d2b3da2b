// SPDX-License-Identifier: Apache-2.0
// The bytes of streams: tests/data/stream/vN/ holds what version N writes, and is never edited. A
// change of the format adds a directory; what it changes of the code below goes into functions of its own.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "stream/have.hpp"
#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

const std::filesystem::path& data_dir() {
    static const std::filesystem::path out = std::filesystem::path(RS_TEST_DATA) / "stream";
    return out;
}

Buffer read_golden(const std::string& name) {
    std::ifstream in(data_dir() / name, std::ios::binary);
    REQUIRE(in.good());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return buffer_of(text);
}

std::vector<std::string> names_in(const std::filesystem::path& dir) {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(dir)) out.push_back(entry.path().filename());
    std::sort(out.begin(), out.end());
    return out;
}

Header golden_header(Purpose purpose) {
    Header h;
    h.purpose = purpose;
    h.generation = {3, 118};
    h.parent = Parent{{3, 117}, chunk::sha256(as_bytes("the tree of 3.117"))};
    h.time = {1'795'176'000, 123'456'789};
    h.host = "host.example";
    h.instance = "wiki0";
    h.name = "wiki";
    h.key = sample_key();
    if (purpose == Purpose::have) {
        h.store.emplace();
        h.store->fill(std::byte{0x77});
    } else {
        h.expected_bytes = 123'456;
    }
    return h;
}

// Two chunks that do not compress, so that the frame holds them as they are and is the same with every zstd.
std::vector<Buffer> golden_chunks() {
    Random random(1'000);
    return {random.bytes(100), random.bytes(57)};
}

Entry full_entry(Type type, std::string path) {
    Entry e;
    e.type = type;
    e.path = std::move(path);
    e.mode = 04755;
    e.uid = 1000;
    e.gid = 4'294'967'295;
    e.user = "wiki";
    e.group = "gr\xc3\xbcppe";
    e.mtime = {-1, 999'999'999};
    return e;
}

// Blocks below 256 bytes, which are not compressed; each operation and each type at least once.
std::vector<std::vector<Op>> golden_blocks() {
    const chunk::Digest sha256 = chunk::sha256(as_bytes("content"));
    std::vector<std::vector<Op>> out(4);
    out[0].push_back(entry_op(full_entry(Type::directory, "")));
    out[0].push_back(entry_op(full_entry(Type::char_device, "char")));
    out[0].back().entry.major = 4'294'967'295;
    out[0].back().entry.minor = 1;
    out[0].push_back(entry_op(full_entry(Type::block_device, "charm")));
    out[0].back().entry.major = 8;
    out[0].push_back(plain_op(Op::Kind::copy, 1000));
    out[0].push_back(plain_op(Op::Kind::skip, 1));
    out[1].push_back(entry_op(full_entry(Type::directory, "d")));
    out[1].back().entry.uid = 0;
    out[1].push_back(entry_op(full_entry(Type::file, "d/changing")));
    out[1].push_back(data_op(300, {{Run::Kind::parent, 5, 2}}));
    out[1].push_back(plain_op(Op::Kind::withdraw));
    out[1].push_back(entry_op(full_entry(Type::file, "d/file")));
    out[1].back().entry.params = {chunk::Method::fixed, 20};
    out[1].back().entry.witness = Witness{{1'795'175'999, 1}, 1'234'567'890'123};
    out[1].push_back(data_op(5157, {{Run::Kind::fresh, 0, 2}, {Run::Kind::parent, 1'000'000, 3}, {Run::Kind::named, 0, 1}},
                             {made_up_id(1)}));
    out[1].push_back(plain_op(Op::Kind::hole, std::uint64_t{1} << 40));
    out[2].push_back(data_op(57, {{Run::Kind::fresh, 1, 1}})); // the file goes on
    out[2].push_back(plain_op(Op::Kind::zero, 4096));
    out[2].push_back(end_op(sha256));
    out[2].push_back(entry_op(Type::hardlink, "d/other name", "d/file"));
    out[2].push_back(entry_op(full_entry(Type::file, "empty")));
    out[2].back().entry.xattrs = {{"system.posix_acl_access", std::string("\2\0\0\0", 4)}, {"user.x", ""}};
    out[2].push_back(end_op());
    out[3].push_back(entry_op(full_entry(Type::fifo, "fifo\n")));
    out[3].push_back(entry_op(full_entry(Type::socket, "socket")));
    out[3].push_back(entry_op(full_entry(Type::symlink, "symlink")));
    out[3].back().entry.target = "../\xff";
    return out;
}

Buffer golden_dump() {
    io::BufferSink sink;
    RecordWriter out(sink, golden_header(Purpose::dump));
    Trailer trailer;
    const chunk::Hasher hasher(sample_key());
    chunk::Segment segment;
    Buffer raw;
    for (const Buffer& bytes : golden_chunks()) {
        append(raw, bytes);
        segment.head.lengths.push_back(static_cast<std::uint32_t>(bytes.size()));
        segment.ids.push_back(hasher.id(bytes));
        ++trailer.chunks;
    }
    segment.head.raw_bytes = trailer.chunk_bytes = raw.size();
    segment.frame = chunk::Compressor(chunk::default_level).compress(raw);
    out.segment(segment);
    trailer.segments = 1;
    // A record of a later version, which readers of this one skip.
    out.record(static_cast<RecordType>('x'), as_bytes("of a later version"));
    for (const auto& ops : golden_blocks()) {
        ManifestWriter manifest;
        for (const Op& op : ops) write_op(manifest, op);
        out.record(RecordType::manifest, pack_block(manifest.take()));
        ++trailer.blocks;
    }
    trailer.changed_while_read = true;
    trailer.tree = chunk::sha256(as_bytes("the tree of 3.118"));
    out.finish(trailer);
    return sink.take();
}

std::vector<Op> golden_have_ops() {
    std::vector<Op> ops{entry_op(full_entry(Type::directory, "")), entry_op(full_entry(Type::file, "a"))};
    ops.back().entry.witness = Witness{{1'795'175'999, 1}, 42};
    ops.push_back(data_op(8192, {{Run::Kind::stored, 0, 2}}));
    ops.push_back(plain_op(Op::Kind::hole, 100));
    ops.push_back(data_op(70'000, {{Run::Kind::stored, 2, 1}}));
    ops.push_back(end_op(chunk::sha256(as_bytes("content"))));
    ops.push_back(entry_op(full_entry(Type::file, "b")));
    ops.push_back(plain_op(Op::Kind::zero, 4096));
    ops.push_back(end_op());
    ops.push_back(entry_op(Type::hardlink, "c", "a"));
    return ops;
}

Buffer golden_have() {
    io::BufferSink sink;
    HaveWriter out(sink, golden_header(Purpose::have));
    out.chunk(made_up_id(1), 4096);
    out.chunk(made_up_id(2), 0); // lost
    out.chunk(made_up_id(3), 70'000);
    out.loose(made_up_id(5));
    out.loose(made_up_id(4));
    for (const Op& op : golden_have_ops()) out.op(op);
    out.finish();
    return sink.take();
}

void check_header(const Header& got, const Header& expected) {
    CHECK(got.generation == expected.generation);
    CHECK((got.parent == expected.parent));
    CHECK((got.time == expected.time));
    CHECK(got.host == expected.host);
    CHECK(got.instance == expected.instance);
    CHECK(got.name == expected.name);
    CHECK((got.key == expected.key));
    CHECK((got.store == expected.store));
    CHECK(got.expected_bytes == expected.expected_bytes);
}

// Writes the golden file of a new version: it is never overwritten.
void write_if_asked(const std::string& name, ByteSpan bytes) {
    const std::filesystem::path path = data_dir() / name;
    if (std::getenv("RS_WRITE_GOLDEN") == nullptr || std::filesystem::exists(path)) return;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << as_text(bytes);
}

} // namespace

TEST_CASE("version 1 of a dump is written as it always was") {
    const Buffer bytes = golden_dump();
    write_if_asked("v1/dump.rss", bytes);
    const bool same = bytes == read_golden("v1/dump.rss");
    CHECK(same);
}

TEST_CASE("version 1 of a have stream is written as it always was") {
    const Buffer bytes = golden_have();
    write_if_asked("v1/have.rss", bytes);
    const bool same = bytes == read_golden("v1/have.rss");
    CHECK(same);
}

TEST_CASE("a dump of version 1 is read") {
    const Dump dump = read_dump(read_golden("v1/dump.rss"));
    check_header(dump.header, golden_header(Purpose::dump));
    const bool chunks = dump.chunks == golden_chunks();
    CHECK(chunks);
    std::vector<Op> ops;
    for (const auto& block : golden_blocks()) ops.insert(ops.end(), block.begin(), block.end());
    const std::vector<Said> expected = say_all(ops);
    REQUIRE(dump.manifest.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(i);
        const bool same = dump.manifest[i] == expected[i];
        CHECK(same);
    }
    CHECK(dump.trailer.changed_while_read);
    CHECK((dump.trailer.tree == chunk::sha256(as_bytes("the tree of 3.118"))));
}

TEST_CASE("a have stream of version 1 is read") {
    const Buffer bytes = read_golden("v1/have.rss");
    io::BufferSource source(bytes);
    HaveReader reader(source);
    check_header(reader.header(), golden_header(Purpose::have));
    CHECK(reader.table().lengths == std::vector<std::uint32_t>{4096, 0, 70'000});
    CHECK(reader.table().ids[0] == made_up_id(1));
    CHECK(reader.table().ids[2] == made_up_id(3));
    CHECK(reader.table().loose.size() == 2);
    CHECK(reader.table().has_loose(made_up_id(4)));
    CHECK(reader.table().has_loose(made_up_id(5)));
    const auto ops = golden_have_ops();
    HaveEntry entry;
    REQUIRE(reader.next(entry));
    CHECK(entry.entry == ops[0].entry);
    REQUIRE(reader.next(entry));
    CHECK(entry.entry == ops[1].entry);
    const std::vector<Extent> extents{
        {Extent::Kind::data, 8192, 2}, {Extent::Kind::hole, 100, 0}, {Extent::Kind::data, 70'000, 1}};
    CHECK(entry.extents == extents);
    CHECK(entry.sha256_known);
    CHECK(entry.first_chunk == 0);
    CHECK(entry.chunks == 3);
    REQUIRE(reader.next(entry));
    CHECK(entry.entry == ops[6].entry);
    CHECK(entry.bytes == 4096);
    CHECK(entry.first_chunk == 3);
    CHECK_FALSE(entry.sha256_known);
    REQUIRE(reader.next(entry));
    CHECK(entry.entry == ops[9].entry);
    CHECK_FALSE(reader.next(entry));
}

TEST_CASE("every stream in tests/data/stream is read by a test") {
    CHECK(names_in(data_dir()) == std::vector<std::string>{"v1"});
    CHECK(names_in(data_dir() / "v1") == std::vector<std::string>{"dump.rss", "have.rss"});
}
