// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "store/check.hpp"
#include "store/emit.hpp"
#include "store/pull.hpp"
#include "store/select.hpp"
#include "tree/exporter.hpp"
#include "tree/importer.hpp"

namespace rs::fault {

namespace fs = std::filesystem;

namespace {

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string lines(std::string_view word, unsigned count) {
    std::string out;
    for (unsigned i = 0; i < count; ++i)
        out += cat("a line of ", word, " that says little but its number, ", i, "\n");
    return out;
}

std::string attribute_of(const std::string& path) {
    char value[256];
    const ssize_t n = ::lgetxattr(path.c_str(), "user.note", value, sizeof value);
    return n < 0 ? std::string("-") : std::string(value, static_cast<std::size_t>(n));
}

void describe(const std::string& path, const std::string& shown,
              std::map<std::pair<dev_t, ino_t>, std::string>& first, std::string& out) {
    struct stat st;
    if (::lstat(path.c_str(), &st) != 0) {
        out += cat(shown, ": not there\n");
        return;
    }
    out += cat(shown, " ", std::uint64_t{st.st_mode}, " ", std::uint64_t{st.st_uid}, ":",
               std::uint64_t{st.st_gid}, " ", st.st_mtim.tv_sec, ".", st.st_mtim.tv_nsec, " ",
               attribute_of(path), " ");
    if (S_ISLNK(st.st_mode)) out += fs::read_symlink(path).string();
    if (S_ISREG(st.st_mode)) {
        const auto [at, fresh] = first.try_emplace({st.st_dev, st.st_ino}, shown);
        out += fresh ? slurp(path) : cat("link to ", at->second);
    }
    out += '\n';
    if (!S_ISDIR(st.st_mode)) return;
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    for (const std::string& n : names) describe(path + "/" + n, shown + "/" + n, first, out);
}

} // namespace

Scratch::Scratch() {
    const char* const asked = std::getenv("TMPDIR");
    const std::string base = asked != nullptr && *asked != '\0' ? asked
                             : ::access("/dev/shm", W_OK) == 0  ? "/dev/shm"
                                                                : "/tmp";
    path_ = cat(base, "/rs-fault-XXXXXX");
    if (::mkdtemp(path_.data()) == nullptr) fail_errno(Exit::cant_create, path_, "create");
}

Scratch::~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Snapshot::Snapshot(const std::string& root) : root_(root) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const std::string path = entry.path().string().substr(root.size() + 1);
        if (entry.is_directory())
            files_[path + "/"];
        else
            files_[path] = slurp(entry.path());
    }
}

void Snapshot::restore(const std::string& root) const {
    fs::create_directories(root);
    const Snapshot now(root);
    // Backwards, so that what is in a directory goes before it.
    for (auto at = now.files_.rbegin(); at != now.files_.rend(); ++at)
        if (!files_.contains(at->first)) fs::remove(fs::path(root) / at->first);
    for (const auto& [path, content] : files_) {
        const auto there = now.files_.find(path);
        if (path.ends_with('/'))
            fs::create_directories(fs::path(root) / path);
        else if (there == now.files_.end() || there->second != content)
            put_file(cat(root, "/", path), content);
    }
}

std::string image_of(const std::string& root) {
    std::string out;
    std::map<std::pair<dev_t, ino_t>, std::string> first;
    describe(root, ".", first, out);
    return out;
}

void put_file(const std::string& path, std::string_view content) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << content;
    out.close();
    if (!out) fail(Exit::io, cat(path, ": cannot write"));
}

void remove_all(const std::string& path) { fs::remove_all(path); }

void make_tree(const std::string& path, unsigned number) {
    fs::create_directories(path + "/dir/inner");
    fs::create_directory(path + "/empty-dir");
    // Cut into some chunks of 4 KiB; a change in the middle leaves those around it alone.
    put_file(path + "/big",
             lines("big", 150) + (number > 1 ? "grown\n" : "") + lines("more", 50 * number));
    put_file(path + "/dir/stays", lines("stays", 20));
    put_file(path + "/dir/changes", lines("changes", 10 * number));
    put_file(path + "/dir/inner/short", cat("short ", number));
    put_file(path + (number < 3 ? "/moves" : "/dir/moved"), lines("moves", 40));
    put_file(path + "/empty", "");
    if (number != 2) put_file(path + "/not-in-2", "comes and goes");
    if (number == 3) put_file(path + "/new-in-3", lines("new", 30));
    fs::create_hard_link(path + "/dir/stays", path + "/dir/stays-too");
    fs::create_symlink("dir/stays", path + "/symlink");
    put_file(path + "/sparse", cat("start ", number));
    fs::resize_file(path + "/sparse", 64 << 10);
    // Not everywhere; both sides then have none.
    static_cast<void>(::setxattr((path + "/dir/stays").c_str(), "user.note", "kept", 4, 0));
    fs::permissions(path + "/dir/changes", fs::perms::owner_all);
    // What does not change must also look so.
    const timespec times[2] = {{1'700'000'000, 5}, {1'700'000'000, 123'456'789}};
    for (const auto& entry : fs::recursive_directory_iterator(path))
        if (entry.path().filename() != "changes" && entry.path().filename() != "big" &&
            entry.path().filename() != "short" && entry.path().filename() != "sparse")
            ::utimensat(AT_FDCWD, entry.path().c_str(), times, AT_SYMLINK_NOFOLLOW);
}

Buffer export_tree(const std::string& path, ByteSpan have, const std::string& generation) {
    SilentMonitor monitor;
    io::BufferSink sink;
    io::BufferSource source(have);
    std::optional<stream::HaveReader> reader;
    if (!have.empty()) reader.emplace(source);
    tree::ExportOptions options;
    options.host = "host.example";
    options.writer.threads = 2;
    options.generation = Generation::parse(generation);
    const io::Dir root = io::open_dir(path);
    tree::export_directory(root, options, reader ? &*reader : nullptr, sink, monitor);
    return sink.take();
}

void pull(const std::string& store, ByteSpan stream) {
    SilentMonitor monitor;
    const store::Store s(store);
    store::PullOptions options;
    options.name = name;
    io::BufferSource source(stream);
    store::pull(s, options, source, monitor);
}

void import(const std::string& target, ByteSpan stream) {
    SilentMonitor monitor;
    tree::Target to(target);
    io::BufferSource source(stream);
    tree::import_stream(to, {}, source, monitor);
}

Buffer emit(const std::string& store, const std::string& generation, ByteSpan have) {
    SilentMonitor monitor;
    const store::Store s(store);
    const store::GenerationFile g = store::select_generation(s, name, generation, {});
    io::BufferSource source(have);
    std::optional<stream::HaveReader> reader;
    if (!have.empty()) reader.emplace(source);
    io::BufferSink sink;
    store::emit(s, g, reader ? &*reader : nullptr, sink, {.threads = 2}, monitor);
    return sink.take();
}

Buffer store_have(const std::string& store) {
    SilentMonitor monitor;
    io::BufferSink sink;
    store::write_have(store::Store(store), name, sink, monitor);
    return sink.take();
}

Buffer target_have(const std::string& target) {
    SilentMonitor monitor;
    io::BufferSink sink;
    tree::write_have(tree::Target(target), sink, monitor);
    return sink.take();
}

std::string check(const std::string& store) {
    SilentMonitor monitor;
    std::string found;
    try {
        store::check(
            store::Store(store), {.read_data = true, .budget_seconds = {}},
            [&](const store::Finding& f) { found += cat(f.object, ": ", f.what, "\n"); }, monitor);
    } catch (const Error& e) {
        if (e.code() == Exit::io || e.code() == Exit::temp_fail) throw; // says nothing about the store
        found += cat("error: ", e.what(), "\n");
    }
    return found;
}

std::string image_of_stream(const Scratch& scratch, ByteSpan stream) {
    const std::string fresh = scratch.path("fresh");
    const auto clean = [&] {
        remove_all(fresh);
        remove_all(scratch.path(".fresh.rs-import"));
    };
    clean();
    import(fresh, stream);
    const std::string image = image_of(fresh);
    clean();
    return image;
}

World::World() : store(scratch.path("store")), target(scratch.path("target")) {
    for (unsigned i = 1; i <= 3; ++i) {
        trees[i] = scratch.path(cat("tree-", i));
        make_tree(trees[i], i);
        images[i] = image_of(trees[i]);
    }
    store::Store::init(store, 0);
    const Buffer empty_have = store_have(store); // only the key
    for (unsigned i = 1; i <= 2; ++i) pull(store, export_tree(trees[i], store_have(store)));
    have = store_have(store);
    delta = export_tree(trees[3], have);
    whole = export_tree(trees[3], empty_have, "1.3");
    import(target, emit(store, "1.2"));
}

void Verdict::wrong(const std::string& where, const std::string& what) {
    if (++wrongs_ <= 20)
        std::fprintf(stderr, "%s: %s: %s\n", section_.c_str(), where.c_str(), what.c_str());
}

void Verdict::example(const std::string& what, const std::string& where) {
    count(what);
    if (std::getenv("RS_SHOW") != nullptr)
        std::printf("%s: %s: %s\n", section_.c_str(), where.c_str(), what.c_str());
}

bool Verdict::finish() {
    std::printf("%s:", section_.c_str());
    std::uint64_t all = 0;
    for (const auto& [what, n] : counts_) {
        std::printf(" %llu %s,", static_cast<unsigned long long>(n), what.c_str());
        all += n;
    }
    std::printf(" %llu wrong\n", static_cast<unsigned long long>(wrongs_));
    std::fflush(stdout);
    return wrongs_ == 0 && all > 0; // a section without a case has not shown anything
}

} // namespace rs::fault
