// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "unit/stream/manifest_support.hpp"

using namespace rs;
using namespace rs::test;

namespace {

// Operations written as blocks of a random number of operations, and read back.
std::vector<Said> through_blocks(const std::vector<Op>& ops, Random& random, std::size_t mean_ops) {
    std::vector<Said> out;
    ManifestWriter writer;
    const auto turn = [&] {
        if (writer.empty()) return;
        const Buffer packed = pack(writer.take());
        for (const Op& op : read_ops(decode_block(packed, "block"))) say(out, op);
    };
    for (const Op& op : ops) {
        write_op(writer, op);
        if (random.one_in(mean_ops)) turn();
    }
    turn();
    CHECK(writer.empty());
    return out;
}

} // namespace

TEST_CASE("every entry is read back as it was written") {
    RandomTree tree(201, all_kinds);
    for (unsigned type = 1; type <= 8; ++type)
        for (int i = 0; i < 200; ++i) {
            CAPTURE(type);
            CAPTURE(i);
            const Op op = entry_op(tree.entry(static_cast<Type>(type), "some/path"));
            ManifestWriter writer;
            writer.entry(op.entry);
            const Buffer packed = pack(writer.take());
            const auto read = read_ops(decode_block(packed, "block"));
            REQUIRE(read.size() == 1);
            REQUIRE(read[0].entry == op.entry);
        }
}

TEST_CASE("a random tree is read back over one block or many, wherever they are parted") {
    for (std::uint64_t seed = 210; seed < 240; ++seed) {
        CAPTURE(seed);
        Random random(seed);
        const auto ops = RandomTree(seed, all_kinds).ops(10);
        const auto expected = say_all(ops);
        for (const std::size_t mean : {1U, 2U, 3U, 7U, 15U, 100U, 10'000U}) {
            CAPTURE(mean);
            const bool equal = through_blocks(ops, random, mean) == expected;
            REQUIRE(equal);
        }
    }
}

TEST_CASE("a block is read without any other: nothing reaches across its start") {
    const auto ops = RandomTree(241, all_kinds).ops(10);
    ManifestWriter writer;
    std::vector<Buffer> blocks;
    for (const Op& op : ops) {
        write_op(writer, op);
        blocks.push_back(pack(writer.take()));
    }
    // In reverse, each with a reader of its own.
    for (std::size_t i = ops.size(); i-- > 0;) {
        std::vector<Said> said;
        for (const Op& op : read_ops(decode_block(blocks[i], "block"))) say(said, op);
        const bool equal = said == say_all({ops[i]});
        REQUIRE(equal);
    }
}

TEST_CASE("neighbouring data melts into one extent, and runs that continue one another into one run") {
    ManifestWriter writer;
    writer.entry(entry_op(Type::file, "f").entry);
    for (std::uint64_t i = 0; i < 1000; ++i) writer.data({Run::Kind::parent, 7 + i, 1}, 4096);
    writer.data({Run::Kind::parent, 5000, 10}, 40'000);
    writer.data({Run::Kind::fresh, 0, 2}, 100);
    writer.data({Run::Kind::fresh, 2, 1}, 50);
    writer.data({Run::Kind::parent, 5010, 1}, 1);
    writer.end(std::nullopt);
    const Buffer packed = pack(writer.take());
    const auto ops = read_ops(decode_block(packed, "block"));
    REQUIRE(ops.size() == 3);
    CHECK(ops[1].bytes == 1000 * 4096 + 40'151);
    CHECK(ops[1].chunks == 1014);
    const std::vector<Run> runs{{Run::Kind::parent, 7, 1000},
                                {Run::Kind::parent, 5000, 10},
                                {Run::Kind::fresh, 0, 3},
                                {Run::Kind::parent, 5010, 1}};
    CHECK(ops[1].runs == runs);
    CHECK(packed.size() < 60); // thousands of unchanged chunks cost nothing
}

TEST_CASE("an unchanged tree is one number: copies melt, and so do skips") {
    ManifestWriter writer;
    CHECK(writer.empty());
    for (int i = 0; i < 1000; ++i) writer.copy(1);
    CHECK_FALSE(writer.empty());
    writer.skip(2);
    writer.skip(3);
    writer.copy(1);
    const Buffer packed = pack(writer.take());
    CHECK(packed.size() <= 8);
    const auto ops = read_ops(decode_block(packed, "block"));
    REQUIRE(ops.size() == 3);
    CHECK(ops[0].kind == Op::Kind::copy);
    CHECK(ops[0].count == 1000);
    CHECK(ops[1].kind == Op::Kind::skip);
    CHECK(ops[1].count == 5);
    CHECK(ops[2].kind == Op::Kind::copy);
    CHECK(ops[2].count == 1);
}

TEST_CASE("the end of a file says whether there is a digest, also where it is not sent") {
    struct Row {
        bool sent, known;
    };
    for (const Row row : {Row{false, false}, Row{false, true}, Row{true, true}}) {
        CAPTURE(row.sent);
        CAPTURE(row.known);
        const chunk::Digest digest = chunk::sha256(as_bytes("x"));
        ManifestWriter writer;
        writer.end(row.sent ? std::optional(digest) : std::nullopt, row.known);
        const ManifestBlock block = writer.take();
        const auto ops = read_ops({block.refs, block.ops}, true);
        REQUIRE(ops.size() == 1);
        CHECK(ops[0].sha256.has_value() == row.sent);
        CHECK(ops[0].sha256_known == row.known);
        // Outside of a have stream a digest that is known is there.
        CHECK(code_of([&] { (void)read_ops({block.refs, block.ops}); }) ==
              (row.known && !row.sent ? Exit::data : Exit::ok));
    }
}

TEST_CASE("the size of a block counts all that it will hold, also ids of runs that are still open") {
    ManifestWriter writer;
    writer.entry(entry_op(Type::file, "f").entry);
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const chunk::ChunkId id = made_up_id(i);
        writer.data({Run::Kind::named, 0, 1}, 5000, std::span(&id, 1));
    }
    const std::size_t size = writer.size();
    const ManifestBlock block = writer.take();
    const std::size_t real = block.refs.size() + block.ops.size();
    CHECK(real >= 160'000);
    CHECK(size + 100 >= real);
    CHECK(size <= real + 100);
}

TEST_CASE("an entry that no reader would take is refused by the writer, by its name, and leaves no trace") {
    const std::string name(max_name_bytes, 'n');
    struct Row {
        std::string_view what;
        std::function<void(Entry&, bool)> set; // at the limit, or one beyond it
    };
    const auto size = [](std::string Entry::* field, std::size_t limit) {
        return [=](Entry& e, bool beyond) { e.*field = std::string(limit + (beyond ? 1 : 0), 'x'); };
    };
    const auto xattrs = [](Entry& e, std::size_t count, std::size_t name_size, std::size_t value_size) {
        e.xattrs.assign(count, {std::string(name_size, 'x'), std::string(value_size, 'v')});
    };
    const Row rows[] = {
        {"name", [&](Entry& e, bool beyond) { e.path = "d/" + name + (beyond ? "n" : ""); }},
        {"depth", [](Entry& e, bool beyond) {
             e.path = "d";
             for (std::size_t i = beyond ? 0 : 1; i < max_depth; ++i) e.path += "/d";
         }},
        {"path", [&](Entry& e, bool beyond) {
             e.path = name;
             while (e.path.size() + 1 + name.size() <= max_path_bytes) e.path += "/" + name;
             e.path.resize(e.path.size() - 1);
             if (beyond) e.path += "/x";
         }},
        {"user", size(&Entry::user, max_user_bytes)},
        {"group", size(&Entry::group, max_user_bytes)},
        {"uid", [](Entry& e, bool beyond) { e.uid = std::uint64_t{UINT32_MAX} + (beyond ? 1 : 0); }},
        {"gid", [](Entry& e, bool beyond) { e.gid = std::uint64_t{UINT32_MAX} + (beyond ? 1 : 0); }},
        {"attribute name", [&](Entry& e, bool beyond) { xattrs(e, 1, max_xattr_name_bytes + (beyond ? 1 : 0), 1); }},
        {"attribute value", [&](Entry& e, bool beyond) { xattrs(e, 1, 1, max_xattr_bytes + (beyond ? 1 : 0)); }},
        {"attributes", [&](Entry& e, bool beyond) { xattrs(e, max_xattrs + (beyond ? 1 : 0), 1, 1); }},
        {"attributes together", [&](Entry& e, bool beyond) {
             xattrs(e, 16, 1, max_xattr_bytes - 1);
             if (beyond) e.xattrs[0].value += "v";
         }},
        {"a whole file system in attributes", [&](Entry& e, bool beyond) { xattrs(e, beyond ? 100 : 10, 5, 60'000); }},
        {"symlink", [&](Entry& e, bool beyond) {
             e.type = Type::symlink;
             e.target = std::string(max_link_bytes + (beyond ? 1 : 0), 't');
         }},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        Entry good = entry_op(Type::file, "the file").entry, bad = good;
        row.set(good, false);
        row.set(bad, true);
        ManifestWriter writer;
        const Failure failure = failure_of([&] { writer.entry(bad); });
        CHECK(failure.code == Exit::no_input);
        CHECK(failure.names(cat(bad.path, ": ")));
        CHECK(writer.empty());
        writer.entry(good);
        const Buffer packed = pack(writer.take());
        const auto ops = read_ops(decode_block(packed, "block"));
        REQUIRE(ops.size() == 1);
        CHECK((ops[0].entry == good));
    }
}

TEST_CASE("after take a writer begins anew") {
    ManifestWriter writer;
    CHECK(writer.take().empty());
    write_op(writer, entry_op(Type::file, "f"));
    write_op(writer, data_op(5, {{Run::Kind::fresh, 100, 2}}));
    const Buffer first = pack(writer.take());
    CHECK(writer.empty());
    CHECK(writer.size() == 0);
    write_op(writer, entry_op(Type::file, "f"));
    write_op(writer, data_op(5, {{Run::Kind::fresh, 100, 2}}));
    CHECK(equal(pack(writer.take()), first));
}

TEST_CASE("runs are read one by one, with the ids of named ones") {
    ManifestWriter writer;
    const std::vector<chunk::ChunkId> ids{made_up_id(1), made_up_id(2), made_up_id(3)};
    writer.entry(entry_op(Type::file, "f").entry);
    writer.data({Run::Kind::parent, 10, 5}, 5000);
    writer.data({Run::Kind::named, 0, 2}, 500, std::span(ids).first(2));
    writer.data({Run::Kind::named, 0, 1}, 500, std::span(ids).last(1));
    writer.data({Run::Kind::parent, 3, 1}, 5000);
    writer.end(std::nullopt);
    const ManifestBlock block = writer.take();
    std::vector<Run> runs;
    std::vector<chunk::ChunkId> names;
    read_runs(block.refs, "refs", [&](const Run& run, std::span<const chunk::ChunkId> with) {
        runs.push_back(run);
        names.insert(names.end(), with.begin(), with.end());
        CHECK(with.size() == (run.kind == Run::Kind::named ? run.count : 0));
    });
    const std::vector<Run> expected{
        {Run::Kind::parent, 10, 5}, {Run::Kind::named, 0, 3}, {Run::Kind::parent, 3, 1}};
    CHECK(runs == expected);
    CHECK(names == ids);
}

TEST_CASE("one run may serve several extents, and one extent take several runs") {
    Forged block;
    block.ref([](Encoder& out) { run_of(out, Run::Kind::fresh, 5, 0); });
    block.ref([](Encoder& out) {
        out.varint(3 << 2 | 3);
        for (std::uint64_t i = 0; i < 3; ++i) out.raw(made_up_id(i).bytes);
    });
    for (const std::uint64_t chunks : {2U, 4U, 2U})
        block.op([&](Encoder& out) {
            out.u8(0x10);
            out.varint(chunks);
            out.varint(chunks * 10);
        });
    const auto ops = read_ops({block.refs, block.ops});
    REQUIRE(ops.size() == 3);
    CHECK(ops[0].runs == std::vector<Run>{{Run::Kind::fresh, 0, 2}});
    CHECK(ops[1].runs == std::vector<Run>{{Run::Kind::fresh, 2, 3}, {Run::Kind::named, 0, 1}});
    CHECK(ops[1].ids == std::vector<chunk::ChunkId>{made_up_id(0)});
    CHECK(ops[2].runs == std::vector<Run>{{Run::Kind::named, 0, 2}});
    CHECK(ops[2].ids == std::vector<chunk::ChunkId>{made_up_id(1), made_up_id(2)});
}
