// SPDX-License-Identifier: Apache-2.0
#include "stream/tree_digest.hpp"

#include <doctest/doctest.h>

#include <map>

#include "unit/stream/support.hpp"

using namespace rs;
using namespace rs::test;
using namespace rs::stream;

namespace {

// Chunks of one byte each, named by their number.
std::string digest_of(const std::vector<Op>& ops) {
    TreeDigest digest;
    for (const Op& op : ops) {
        digest.feed(op);
        if (op.kind != Op::Kind::data) continue;
        for (const Run& run : op.runs)
            for (std::uint64_t i = 0; i < run.count; ++i) digest.chunk(made_up_id(run.start + i), 1);
    }
    return to_hex(as_text(digest.finish()));
}

constexpr const char* sample_text = "content";

// A tree with something of everything.
std::vector<Op> sample() {
    std::vector<Op> ops{entry_op(Type::directory, ""), entry_op(Type::file, "a")};
    Entry& e = ops[1].entry;
    e.mode = 0644;
    e.uid = 1000;
    e.gid = 100;
    e.user = "user";
    e.group = "group";
    e.mtime = {1'795'176'000, 5};
    e.xattrs = {{"user.a", "1"}, {"user.b", "2"}};
    ops.push_back(data_op(10, {{Run::Kind::stored, 1, 2}}));
    ops.push_back(plain_op(Op::Kind::hole, 20));
    ops.push_back(data_op(30, {{Run::Kind::stored, 3, 4}}));
    ops.push_back(plain_op(Op::Kind::zero, 40));
    ops.push_back(end_op(chunk::sha256(as_bytes(sample_text))));
    ops.push_back(entry_op(Type::file, "b"));
    ops.push_back(data_op(50, {{Run::Kind::stored, 9, 3}}));
    ops.push_back(end_op()); // without a digest
    ops.push_back(entry_op(Type::symlink, "c", "target"));
    ops.push_back(entry_op(Type::hardlink, "d", "a"));
    ops.push_back(entry_op(Type::char_device, "e"));
    ops.back().entry.major = 4;
    ops.back().entry.minor = 5;
    ops.push_back(entry_op(Type::fifo, "f"));
    return ops;
}

std::string with(const std::function<void(std::vector<Op>&)>& change) {
    auto ops = sample();
    change(ops);
    return digest_of(ops);
}

} // namespace

TEST_CASE("the digest of a known tree never changes") {
    // Computed by an independent program in Python.
    CHECK(digest_of(sample()) == "c5cc089d35c3b97ec848abdf662236b9bcf2ec45296ffdd683aa2632f63416ab");
}

TEST_CASE("every single attribute that a restore gives back changes the digest") {
    using Ops = std::vector<Op>;
    const std::vector<std::pair<std::string_view, std::function<void(Ops&)>>> changes{
        {"path", [](Ops& o) { o[1].entry.path = "A"; }},
        {"type", [](Ops& o) { o.back().entry.type = Type::socket; }},
        {"mode", [](Ops& o) { o[1].entry.mode ^= 1; }},
        {"mode of the root", [](Ops& o) { o[0].entry.mode = 0755; }},
        {"uid", [](Ops& o) { o[1].entry.uid += 1; }},
        {"gid", [](Ops& o) { o[1].entry.gid += 1; }},
        {"user", [](Ops& o) { o[1].entry.user = "User"; }},
        {"group", [](Ops& o) { o[1].entry.group.clear(); }},
        {"user and group, joined the same", [](Ops& o) {
             o[1].entry.user = "userg";
             o[1].entry.group = "roup";
         }},
        {"seconds", [](Ops& o) { o[1].entry.mtime.seconds += 1; }},
        {"nanoseconds", [](Ops& o) { o[1].entry.mtime.nanoseconds += 1; }},
        {"attribute name", [](Ops& o) { o[1].entry.xattrs[0].name = "user.0"; }},
        {"attribute value", [](Ops& o) { o[1].entry.xattrs[1].value = "3"; }},
        {"attribute gone", [](Ops& o) { o[1].entry.xattrs.pop_back(); }},
        {"attributes joined the same", [](Ops& o) { o[1].entry.xattrs[0] = {"user.", "a1"}; }},
        {"content", [](Ops& o) { o[6].sha256 = chunk::sha256(as_bytes("other")); }},
        {"size of data", [](Ops& o) { o[2].bytes += 1; }},
        {"size of a hole", [](Ops& o) { o[3].bytes += 1; }},
        {"size of zeros", [](Ops& o) { o[5].bytes += 1; }},
        {"a hole that became zeros", [](Ops& o) { o[3].kind = Op::Kind::zero; }},
        {"extents in another order", [](Ops& o) { std::swap(o[3], o[4]); }},
        {"a chunk of a file without SHA-256", [](Ops& o) { o[8].runs[0].start += 1; }},
        {"SHA-256 left out", [](Ops& o) { o[6].sha256.reset(); }},
        {"SHA-256 added", [](Ops& o) { o[9].sha256 = chunk::sha256(as_bytes("b")); }},
        {"symlink", [](Ops& o) { o[10].entry.target = "Target"; }},
        {"hardlink", [](Ops& o) { o[11].entry.target = "b"; }},
        {"major", [](Ops& o) { o[12].entry.major += 1; }},
        {"minor", [](Ops& o) { o[12].entry.minor += 1; }},
        {"entry left out", [](Ops& o) { o.pop_back(); }},
        {"entry added", [](Ops& o) { o.push_back(entry_op(Type::fifo, "g")); }},
    };
    std::map<std::string, std::string_view> seen{{digest_of(sample()), "nothing"}};
    for (const auto& change : changes) {
        CAPTURE(change.first);
        const auto [place, fresh] = seen.emplace(with(change.second), change.first);
        const std::string_view same_as = fresh ? "" : place->second;
        CHECK(same_as == "");
    }
}

TEST_CASE("what a restore does not give back leaves the digest alone") {
    const std::string expected = digest_of(sample());
    CHECK(with([](std::vector<Op>& o) { o[1].entry.witness = Witness{{1, 2}, 3}; }) == expected);
    CHECK(with([](std::vector<Op>& o) { o[1].entry.params = {chunk::Method::fixed, 16}; }) == expected);
    CHECK(with([](std::vector<Op>& o) { o[6].sha256_known = false; }) == expected);
}

TEST_CASE("chunks and cut points of a file with its SHA-256 leave the digest alone") {
    const std::string expected = digest_of(sample());
    CHECK(with([](std::vector<Op>& o) { o[2] = data_op(10, {{Run::Kind::stored, 77, 1}}); }) == expected);
    CHECK(with([](std::vector<Op>& o) { o[2] = data_op(10, {{Run::Kind::fresh, 1, 3}, {Run::Kind::parent, 7, 3}}); }) ==
          expected);
}

TEST_CASE("data and gaps that come in parts have the digest of the whole") {
    const std::string expected = digest_of(sample());
    CHECK(with([](std::vector<Op>& o) {
              o[2] = data_op(4, {{Run::Kind::stored, 1, 1}});
              o.insert(o.begin() + 3, data_op(6, {{Run::Kind::stored, 2, 1}}));
          }) == expected);
    CHECK(with([](std::vector<Op>& o) {
              o[3].bytes = 5;
              o.insert(o.begin() + 3, plain_op(Op::Kind::hole, 15));
          }) == expected);
    CHECK(with([](std::vector<Op>& o) { // of a file without SHA-256: the same chunks
              o[8] = data_op(20, {{Run::Kind::stored, 9, 1}});
              o.insert(o.begin() + 9, data_op(30, {{Run::Kind::stored, 10, 2}}));
          }) == expected);
}

TEST_CASE("a manifest has one digest, however it is parted into blocks") {
    for (std::uint64_t seed = 900; seed < 910; ++seed) {
        CAPTURE(seed);
        const auto ops = RandomTree(seed, {Run::Kind::stored}).ops(10);
        const std::string expected = digest_of(ops);
        Random random(seed);
        for (const std::size_t mean : {1U, 2U, 7U, 1000U}) {
            CAPTURE(mean);
            std::vector<Op> back;
            ManifestWriter writer;
            const auto turn = [&] {
                Buffer packed;
                encode_block(packed, writer.take());
                for (Op& op : read_ops(decode_block(packed, "block"))) back.push_back(std::move(op));
            };
            for (const Op& op : ops) {
                write_op(writer, op);
                if (random.one_in(mean)) turn();
            }
            turn();
            CHECK(digest_of(back) == expected);
        }
    }
}

TEST_CASE("chunks told of a file with SHA-256 do not leak into the next file") {
    std::vector<Op> ops = sample();
    TreeDigest told, untold;
    for (const Op& op : ops) {
        told.feed(op);
        untold.feed(op);
        if (op.kind != Op::Kind::data) continue;
        const bool without_sha256 = op.bytes == 50;
        for (const Run& run : op.runs)
            for (std::uint64_t i = 0; i < run.count; ++i) {
                told.chunk(made_up_id(run.start + i), 1);
                if (without_sha256) untold.chunk(made_up_id(run.start + i), 1);
            }
    }
    CHECK((told.finish() == untold.finish()));
}

TEST_CASE("after its digest an object starts anew") {
    TreeDigest digest;
    digest.feed(entry_op(Type::directory, ""));
    const chunk::Digest first = digest.finish();
    digest.feed(entry_op(Type::directory, ""));
    CHECK((digest.finish() == first));
}
