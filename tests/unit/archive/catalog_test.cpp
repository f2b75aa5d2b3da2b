// SPDX-License-Identifier: Apache-2.0
// The rules for names and links are tested where they are seen: export_test.cpp.
#include "archive/catalog.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "unit/base/support.hpp"

using namespace rs;
using namespace rs::archive;
using namespace rs::test;
using Run = stream::Run;

namespace {

stream::Entry entry(stream::Type type, std::string path) {
    stream::Entry e;
    e.type = type;
    e.path = std::move(path);
    return e;
}

Catalog catalog() {
    return Catalog(entry(stream::Type::directory, ""),
                   [](std::string_view path, std::string_view why) {
                       fail(Exit::data, cat(path, ": ", why));
                   });
}

// "data 0+3 12": kind, run, bytes.
std::string text_of(const Content& content) {
    std::string out;
    for (const Content::Piece& p : content.pieces) {
        const bool data = p.kind == stream::Extent::Kind::data;
        out += cat(out.empty() ? "" : ", ", data ? "fpn"[static_cast<int>(p.run) - 1]
                                            : p.kind == stream::Extent::Kind::hole ? 'h'
                                                                                   : 'z');
        if (data) out += cat(p.start, "+", p.count);
        out += cat(" ", p.bytes);
    }
    return out;
}

chunk::ChunkId id_of(unsigned char byte) {
    chunk::ChunkId id;
    id.bytes[0] = std::byte{byte};
    return id;
}

} // namespace

TEST_CASE("runs that continue one another and gaps of one kind melt together") {
    Content c;
    c.data({Run::Kind::fresh, 0, 1}, 10, {});
    c.data({Run::Kind::fresh, 1, 2}, 20, {});
    c.data({Run::Kind::parent, 3, 1}, 5, {});
    c.data({Run::Kind::parent, 4, 1}, 5, {});
    c.data({Run::Kind::parent, 4, 1}, 5, {});
    c.hole(0);
    c.hole(7);
    c.hole(8);
    c.zero(9);
    c.zero(1);
    const chunk::ChunkId a = id_of(1), b = id_of(2);
    c.data({Run::Kind::named, 0, 1}, 3, std::span(&a, 1));
    c.data({Run::Kind::named, 0, 1}, 4, std::span(&b, 1));
    CHECK(text_of(c) == "f0+3 30, p3+2 10, p4+1 5, h 15, z 10, n0+2 7");
    CHECK(c.ids == std::vector<chunk::ChunkId>{a, b});
    CHECK(c.bytes == 77);
}

TEST_CASE("the catalog gives back what it was given, in walk order") {
    Catalog c = catalog();
    CHECK(c.names() == 0);
    stream::Entry file = entry(stream::Type::file, "b");
    file.mode = 07777;
    file.uid = file.gid = UINT32_MAX;
    file.user = "user";
    file.group = "group";
    file.mtime = {-5, 999'999'999};
    file.xattrs = {{"user.a", "1"}, {"user.b", "2"}};
    file.params = {chunk::Method::fixed, 16};
    Content content;
    const chunk::ChunkId id = id_of(9);
    content.data({Run::Kind::named, 0, 1}, 3, std::span(&id, 1));
    content.hole(4096);
    content.sha256 = chunk::sha256(as_bytes("x"));
    c.put(file, content);
    stream::Entry device = entry(stream::Type::block_device, "a/d");
    device.major = 259;
    device.minor = 7;
    c.put(device, {});
    c.link("c", "b", {}, nullptr);
    CHECK(c.names() == 4);
    for (int again = 0; again < 2; ++again) {
        std::string shape;
        c.visit([&](const stream::Entry& e, const Content* found) {
            shape += cat(e.path, " ");
            CHECK((found != nullptr) == (e.type == stream::Type::file));
            if (e.path == "a/d") CHECK(e == device);
            if (e.path == "c") CHECK(e.target == "b");
            if (e.path != "b") return;
            CHECK(e == file);
            CHECK(text_of(*found) == "n0+1 3, h 4096");
            CHECK(found->ids == content.ids);
            CHECK(found->sha256 == content.sha256);
        });
        CHECK(shape == " a a/d b c ");
    }
}

TEST_CASE("a refused member leaves the catalog as it was") {
    Catalog c = catalog();
    c.put(entry(stream::Type::file, "a"), {});
    c.put(entry(stream::Type::file, "d/e"), {});
    for (const char* path : {"a/b", "a/b/c", "d", ""})
        CHECK(code_of([&] { c.put(entry(stream::Type::symlink, path), {}); }) == Exit::data);
    CHECK(code_of([&] { c.link("x", "missing", {}, nullptr); }) == Exit::data);
    CHECK(code_of([&] { c.link("x", "d", {}, nullptr); }) == Exit::data);
    std::string shape;
    c.visit([&](const stream::Entry& e, const Content*) {
        shape += cat(stream::type_name(e.type), " ", e.path, ", ");
    });
    CHECK(shape == "directory , file a, directory d, file d/e, ");
}

TEST_CASE("places of replaced things are used again") {
    Catalog c = catalog();
    for (int i = 0; i < 1000; ++i) {
        Content content;
        content.zero(static_cast<std::uint64_t>(i) + 1);
        c.put(entry(stream::Type::file, "a"), content);
        c.put(entry(i % 2 == 0 ? stream::Type::directory : stream::Type::fifo, "b"), {});
    }
    c.visit([](const stream::Entry& e, const Content* content) {
        if (e.path == "a") CHECK(text_of(*content) == "z 1000");
        if (e.path == "b") CHECK(e.type == stream::Type::fifo);
    });
    CHECK(c.names() == 2);
}
