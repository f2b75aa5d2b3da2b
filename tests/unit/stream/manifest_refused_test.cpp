// SPDX-License-Identifier: Apache-2.0
// manifest.hpp: blocks that no writer makes, or that were damaged.
#include <doctest/doctest.h>

#include "unit/stream/manifest_support.hpp"

using namespace rs;
using namespace rs::test;

namespace {

// The fields of an entry in a block, each as it stands there; every one may be made illegal.
struct Fields {
    std::uint64_t type = 2, shared = 0;
    std::string path = "f";
    std::uint64_t flags = 0, mode = 0644, uid = 0, gid = 0;
    std::string user, group;
    std::uint64_t nanoseconds = 0;
    std::optional<std::uint64_t> witness_nanoseconds;
    std::vector<std::pair<std::string, std::string>> xattrs;
    std::optional<std::uint64_t> xattr_count;
    std::uint64_t method = 1, bits = 12;
    std::string target;
    std::uint64_t major = 0, minor = 0;

    void put(Encoder& out) const {
        out.u8(static_cast<std::uint8_t>(type));
        out.varint(shared);
        out.text(path);
        if (type == 4) {
            out.text(target);
            return;
        }
        out.varint(flags);
        out.varint(mode);
        if ((flags & 1) == 0) {
            out.varint(uid);
            out.varint(gid);
            out.text(user);
            out.text(group);
        }
        out.svarint(-5);
        out.varint(nanoseconds);
        if (witness_nanoseconds) {
            out.svarint(5);
            out.varint(*witness_nanoseconds);
            out.varint(42);
        }
        if ((flags & 2) != 0) {
            out.varint(xattr_count.value_or(xattrs.size()));
            for (const auto& x : xattrs) {
                out.text(x.first);
                out.text(x.second);
            }
        }
        if (type == 2) {
            out.u8(static_cast<std::uint8_t>(method));
            out.u8(static_cast<std::uint8_t>(bits));
        }
        if (type == 3) out.text(target);
        if (type == 6 || type == 7) {
            out.varint(major);
            out.varint(minor);
        }
    }
    [[nodiscard]] Exit code() const {
        return Forged().op([&](Encoder& out) { put(out); }).code();
    }
};

Exit code_with(const std::function<void(Fields&)>& change) {
    Fields fields;
    change(fields);
    return fields.code();
}

} // namespace

TEST_CASE("unknown operations are refused") {
    for (unsigned tag = 0; tag < 256; ++tag) {
        CAPTURE(tag);
        const bool known = (tag >= 1 && tag <= 8) || (tag >= 0x10 && tag <= 0x14) || tag == 0x20 || tag == 0x21;
        const Failure failure = failure_of([&] {
            const Buffer ops{std::byte{static_cast<std::uint8_t>(tag)}};
            (void)read_ops({{}, ops});
        });
        if (tag != 0x14) CHECK(failure.code == Exit::data); // all others are cut short
        CHECK(failure.names("unknown operation") != known);
    }
}

TEST_CASE("the limits of an entry are exact") {
    constexpr std::uint64_t u32 = UINT32_MAX;
    struct Row {
        std::string_view what;
        std::function<void(Fields&, bool)> set; // at the limit, or one beyond it
    };
    const auto set = [](auto Fields::* field, auto good, auto bad) {
        return [=](Fields& f, bool beyond) {
            using Value = std::remove_reference_t<decltype(f.*field)>;
            f.*field = beyond ? Value(bad) : Value(good);
        };
    };
    const std::string name(max_user_bytes, 'n');
    const auto xattr = [](std::size_t name_size, std::size_t value_size, std::size_t count = 1) {
        std::vector<std::pair<std::string, std::string>> out;
        for (std::size_t i = 0; i < count; ++i)
            out.emplace_back(std::string(name_size, 'x'), std::string(value_size, 'v'));
        return out;
    };
    const Row rows[] = {
        {"path", set(&Fields::path, std::string(max_path_bytes, 'p'), std::string(max_path_bytes + 1, 'p'))},
        {"shared", set(&Fields::shared, 0, 1)},
        {"mode", set(&Fields::mode, 07777, 010000)},
        {"uid", set(&Fields::uid, u32, u32 + 1)},
        {"gid", set(&Fields::gid, u32, u32 + 1)},
        {"user", set(&Fields::user, name, name + "n")},
        {"group", set(&Fields::group, name, name + "n")},
        {"nanoseconds", set(&Fields::nanoseconds, 999'999'999, 1'000'000'000)},
        {"owner of no entry before", set(&Fields::flags, 0, 1)},
        {"flags", set(&Fields::flags, 0, 8)},
        {"method", set(&Fields::method, 2, 3)},
        {"method 0", set(&Fields::method, 1, 0)},
        {"bits", set(&Fields::bits, 20, 21)},
        {"bits 11", set(&Fields::bits, 12, 11)},
        {"witness", [](Fields& f, bool beyond) {
             f.flags = 4;
             f.witness_nanoseconds = beyond ? 1'000'000'000 : 999'999'999;
         }},
        {"symlink", [](Fields& f, bool beyond) {
             f.type = 3;
             f.target = std::string(max_link_bytes + (beyond ? 1 : 0), 't');
         }},
        {"hardlink", [](Fields& f, bool beyond) {
             f.type = 4;
             f.target = std::string(max_path_bytes + (beyond ? 1 : 0), 't');
         }},
        {"major", [=](Fields& f, bool beyond) {
             f.type = 6;
             f.major = u32 + (beyond ? 1 : 0);
         }},
        {"minor", [=](Fields& f, bool beyond) {
             f.type = 7;
             f.minor = u32 + (beyond ? 1 : 0);
         }},
        {"attribute name", [&](Fields& f, bool beyond) {
             f.flags = 2;
             f.xattrs = xattr(max_xattr_name_bytes + (beyond ? 1 : 0), 1);
         }},
        {"attribute value", [&](Fields& f, bool beyond) {
             f.flags = 2;
             f.xattrs = xattr(1, max_xattr_bytes + (beyond ? 1 : 0));
         }},
        {"attributes", [&](Fields& f, bool beyond) {
             f.flags = 2;
             f.xattrs = xattr(1, 1, max_xattrs + (beyond ? 1 : 0));
         }},
        {"attributes together", [&](Fields& f, bool beyond) {
             f.flags = 2;
             f.xattrs = xattr(1, max_xattr_bytes - 1, 16);
             if (beyond) f.xattrs[0].second += "v";
         }},
        {"a list of no attributes", [&](Fields& f, bool beyond) {
             f.flags = 2;
             f.xattrs = xattr(1, 1, beyond ? 0 : 1);
         }},
        {"more attributes promised than there are", [&](Fields& f, bool beyond) {
             f.flags = 2;
             f.xattrs = xattr(1, 1, 3);
             f.xattr_count = beyond ? 4 : 3;
         }},
    };
    static_assert(16 * max_xattr_bytes == max_entry_xattr_bytes);
    for (const Row& row : rows) {
        CAPTURE(row.what);
        CHECK(code_with([&](Fields& f) { row.set(f, false); }) == Exit::ok);
        CHECK(code_with([&](Fields& f) { row.set(f, true); }) == Exit::data);
    }
}

TEST_CASE("a path shares no more with the one before than that has, and both together keep to the limit") {
    const auto two = [](std::uint64_t shared, const std::string& rest) {
        return Forged()
            .op([](Encoder& out) {
                Fields f;
                f.path = "abc";
                f.put(out);
            })
            .op([&](Encoder& out) {
                Fields f;
                f.shared = shared;
                f.path = rest;
                f.put(out);
            })
            .code();
    };
    CHECK(two(3, "d") == Exit::ok);
    CHECK(two(4, "d") == Exit::data);
    CHECK(two(3, std::string(max_path_bytes - 3, 'p')) == Exit::ok);
    CHECK(two(3, std::string(max_path_bytes - 2, 'p')) == Exit::data);
}

TEST_CASE("an extent of data has bytes for its chunks and chunks for its bytes") {
    const auto data = [](std::uint64_t chunks, std::uint64_t bytes) {
        return Forged()
            .op([&](Encoder& out) {
                out.u8(0x10);
                out.varint(chunks);
                out.varint(bytes);
            })
            .code(true);
    };
    constexpr std::uint64_t most = chunk::max_chunk_bytes;
    CHECK(data(1, 1) == Exit::ok);
    CHECK(data(5, 5) == Exit::ok);
    CHECK(data(0, 0) == Exit::data);
    CHECK(data(0, 5) == Exit::data);
    CHECK(data(6, 5) == Exit::data);
    CHECK(data(1, 0) == Exit::data);
    CHECK(data(1, most) == Exit::ok);
    CHECK(data(1, most + 1) == Exit::data);
    CHECK(data(3, 3 * most) == Exit::ok);
    CHECK(data(3, 3 * most + 1) == Exit::data);
    CHECK(data(max_file_bytes, max_file_bytes) == Exit::ok);
    CHECK(data(max_file_bytes, max_file_bytes + 1) == Exit::data);
    CHECK(data(UINT64_MAX, UINT64_MAX) == Exit::data);
}

TEST_CASE("a gap has at least one byte and no more than a file may have") {
    for (const unsigned tag : {0x11U, 0x12U}) {
        CAPTURE(tag);
        const auto gap = [&](std::uint64_t bytes) {
            return Forged()
                .op([&](Encoder& out) {
                    out.u8(static_cast<std::uint8_t>(tag));
                    out.varint(bytes);
                })
                .code();
        };
        CHECK(gap(1) == Exit::ok);
        CHECK(gap(max_file_bytes) == Exit::ok);
        CHECK(gap(0) == Exit::data);
        CHECK(gap(max_file_bytes + 1) == Exit::data);
    }
}

TEST_CASE("copying and skipping take at least one entry") {
    for (const unsigned tag : {0x20U, 0x21U})
        for (const std::uint64_t count : {0U, 1U}) {
            CAPTURE(tag);
            CAPTURE(count);
            CHECK(Forged()
                      .op([&](Encoder& out) {
                          out.u8(static_cast<std::uint8_t>(tag));
                          out.varint(count);
                      })
                      .code() == (count == 0 ? Exit::data : Exit::ok));
        }
}

TEST_CASE("the end of a file has a known flag") {
    for (unsigned flag = 3; flag < 256; ++flag)
        CHECK(Forged()
                  .op([&](Encoder& out) {
                      out.u8(0x13);
                      out.u8(static_cast<std::uint8_t>(flag));
                      out.raw(Buffer(32));
                  })
                  .code(true) == Exit::data);
}

TEST_CASE("data and references agree in number") {
    const auto block = [](std::uint64_t chunks, std::initializer_list<std::uint64_t> runs) {
        Forged forged;
        forged.op([&](Encoder& out) {
            out.u8(0x10);
            out.varint(chunks);
            out.varint(chunks * 100);
        });
        for (const std::uint64_t count : runs)
            forged.ref([&](Encoder& out) { run_of(out, Run::Kind::fresh, count, 0); });
        return forged;
    };
    CHECK(block(5, {5}).code() == Exit::ok);
    CHECK(block(5, {2, 3}).code() == Exit::ok);
    CHECK(block(5, {4}).code() == Exit::data);
    CHECK(block(5, {}).code() == Exit::data);
    CHECK(block(5, {6}).code() == Exit::data);
    CHECK(block(5, {5, 1}).code() == Exit::data);
    CHECK(block(5, {5}).code(true) == Exit::data); // a have stream has no references
    CHECK(block(5, {}).code(true) == Exit::ok);
    Forged only_refs;
    only_refs.ref([](Encoder& out) { run_of(out, Run::Kind::fresh, 1, 0); });
    CHECK(only_refs.code() == Exit::data);
}

TEST_CASE("a run has chunks, and their numbers are in range") {
    const auto runs = [](const std::function<void(Encoder&)>& put) {
        Buffer refs;
        Encoder out(refs);
        put(out);
        return code_of([&] { read_runs(refs, "refs", [](const Run&, std::span<const chunk::ChunkId>) {}); });
    };
    constexpr auto top = static_cast<std::int64_t>(max_file_bytes);
    for (const Run::Kind kind : {Run::Kind::stored, Run::Kind::fresh, Run::Kind::parent}) {
        CAPTURE(static_cast<int>(kind));
        const auto one = [&](std::uint64_t count, std::int64_t start) {
            return runs([&](Encoder& out) { run_of(out, kind, count, start); });
        };
        CHECK(one(1, 0) == Exit::ok);
        CHECK(one(0, 0) == Exit::data);
        CHECK(one(1, -1) == Exit::data);
        CHECK(one(2, -1) == Exit::data); // its end wraps round to 1
        CHECK(one(1, INT64_MIN) == Exit::data);
        CHECK(one(1, INT64_MAX) == Exit::data);
        CHECK(one(1, top - 1) == Exit::ok);
        CHECK(one(1, top) == Exit::data);
        CHECK(one(max_file_bytes - 1, 1) == Exit::ok);
        CHECK(one(max_file_bytes - 1, 2) == Exit::data);
        CHECK(one(UINT64_MAX >> 2, INT64_MAX) == Exit::data);
        // From where the last run of its kind ended.
        CHECK(runs([&](Encoder& out) {
                  run_of(out, kind, 10, 5);
                  run_of(out, kind, 1, -15);
              }) == Exit::ok);
        CHECK(runs([&](Encoder& out) {
                  run_of(out, kind, 10, 5);
                  run_of(out, kind, 1, -16);
              }) == Exit::data);
    }
    const auto named = [&](std::uint64_t count, std::size_t bytes) {
        return runs([&](Encoder& out) {
            out.varint(count << 2 | 3);
            out.raw(Buffer(bytes));
        });
    };
    CHECK(named(2, 32) == Exit::ok);
    CHECK(named(0, 0) == Exit::data);
    CHECK(named(2, 31) == Exit::data);
    CHECK(named(3, 32) == Exit::data);
    CHECK(named(UINT64_MAX >> 2, 32) == Exit::data);
}

TEST_CASE("a block cut at any length is refused or ends between two operations") {
    const auto ops = RandomTree(251, all_kinds).ops(4, 2);
    ManifestWriter writer;
    for (const Op& op : ops) write_op(writer, op);
    const ManifestBlock block = writer.take();
    const auto expected = say_all(ops);
    const Buffer packed = pack(block);
    for (std::size_t size = 0; size < packed.size(); ++size) {
        CAPTURE(size);
        std::vector<Said> read;
        const Exit code = code_of([&] {
            for (const Op& op : read_ops(decode_block(ByteSpan(packed).first(size), "block"))) say(read, op);
        });
        REQUIRE((code == Exit::ok || code == Exit::data));
        if (code == Exit::ok) {
            const bool prefix = read.size() <= expected.size() && std::equal(read.begin(), read.end(), expected.begin());
            REQUIRE(prefix);
        }
    }
    // The references cut: every data extent needs its own.
    for (std::size_t size = 0; size < block.refs.size(); ++size)
        REQUIRE(code_of([&] { (void)read_ops({ByteSpan(block.refs).first(size), block.ops}); }) == Exit::data);
}

TEST_CASE("a block with any byte changed is read or refused and does no harm") {
    const auto ops = RandomTree(252, all_kinds).ops(4, 2);
    ManifestWriter writer;
    for (const Op& op : ops) write_op(writer, op);
    const Buffer packed = pack(writer.take());
    for (std::size_t at = 0; at < packed.size(); ++at)
        for (const unsigned mask : {0x01U, 0x40U, 0x80U, 0xffU}) {
            Buffer damaged = packed;
            damaged[at] ^= std::byte{static_cast<std::uint8_t>(mask)};
            const Exit code = code_of([&] { (void)read_ops(decode_block(damaged, "block")); });
            if (code != Exit::ok && code != Exit::data) {
                CAPTURE(at);
                FAIL("another failure");
            }
        }
}
