// SPDX-License-Identifier: Apache-2.0
// rs-store diff, cat.
#include <unistd.h>

#include <filesystem>
#include <map>

#include "archive/writer.hpp"
#include "base/text.hpp"
#include "io/stream.hpp"
#include "rs-store.hpp"
#include "store/entries.hpp"
#include "store/select.hpp"
#include "tree/hash_file.hpp"
#include "tree/read_entry.hpp"

using namespace rs;
using nlohmann::json;

namespace {

// ---- diff ----

struct DiffOptions {
    std::string store, name, from, to;
    bool checksum = false;
};

// What differs between two entries of one path, or empty.
std::string compare(const store::EntryView& a, const store::EntryView& b, bool owners) {
    const stream::Entry &x = a.entry, &y = b.entry;
    if (x.type != y.type) return "type";
    std::string out;
    const auto add = [&](bool differs, const char* what) {
        if (differs) out += cat(out.empty() ? "" : ",", what);
    };
    if (x.type == stream::Type::file) add(!store::same_content(a, b), "content");
    add(x.target != y.target, "target");
    if (x.type == stream::Type::hardlink) return out;
    add(x.mode != y.mode, "mode");
    add(owners && (x.uid != y.uid || x.gid != y.gid), "owner");
    add(x.mtime != y.mtime, "time");
    add(x.xattrs != y.xattrs, "attributes");
    add(x.major != y.major || x.minor != y.minor, "device");
    return out;
}

// A directory as a sequence of entries, to be compared with those of a generation.
class DirectoryEntries {
public:
    explicit DirectoryEntries(const std::string& path) : root_(io::open_dir(path)), walk_(root_, {}) {}

    bool next(store::EntryView& out) {
        if (!walk_.next(node_)) return false;
        const bool linked = node_.stat.st_nlink > 1 && !S_ISDIR(node_.stat.st_mode);
        out = {};
        if (linked) {
            const auto [first, fresh] = first_.try_emplace({node_.stat.st_dev, node_.stat.st_ino}, node_.path);
            if (!fresh) {
                out.entry.type = stream::Type::hardlink;
                out.entry.path = node_.path;
                out.entry.target = first->second;
                return true;
            }
        }
        out.entry = tree::read_entry(node_, owners_, root_.name_of(node_.path));
        if (out.entry.type == stream::Type::file) out.bytes = static_cast<std::uint64_t>(node_.stat.st_size);
        return true;
    }

    // The content of the file that next() gave: read, or, where size and time are those of `other`, believed.
    void content(store::EntryView& mine, const store::EntryView& other, bool always_read) {
        if (mine.bytes != other.bytes || !other.sha256) return;
        if (!always_read && mine.entry.mtime == other.entry.mtime)
            mine.sha256 = other.sha256;
        else
            mine.sha256 = tree::hash_file(node_, root_.name_of(node_.path));
    }

private:
    io::Dir root_;
    tree::Walk walk_;
    tree::Node node_;
    tree::Owners owners_;
    std::map<std::pair<dev_t, ino_t>, std::string> first_;
};

store::GenerationFile select_other(const store::Store& s, const std::string& name, const std::string& which) {
    try {
        return store::select_generation(s, name, which, now_utc());
    } catch (const Error& e) {
        std::error_code ignored;
        if (e.code() != Exit::usage || !std::filesystem::is_directory(which, ignored)) throw;
        throw Error(e.code(), e.what(), cat("if the directory is meant, give ./", printable(which)));
    }
}

Exit run_diff(tool::Command& command, const DiffOptions& o) {
    const store::Store s(o.store);
    const store::GenerationFile from = store::select_generation(s, o.name, o.from, now_utc());
    store::StoreReader reader(s);
    store::EntryReader left(from, reader.chunks);
    std::optional<store::GenerationFile> to;
    std::unique_ptr<store::StoreReader> reader2;
    std::unique_ptr<store::EntryReader> right;
    std::unique_ptr<DirectoryEntries> directory;
    if (o.to.find('/') != std::string::npos && !o.to.starts_with("branch/")) {
        directory = std::make_unique<DirectoryEntries>(o.to);
    } else {
        to = select_other(s, o.name, o.to);
        reader2 = std::make_unique<store::StoreReader>(s);
        right = std::make_unique<store::EntryReader>(*to, reader2->chunks);
    }
    store::EntryView a, b;
    const auto next_right = [&] { return directory ? directory->next(b) : right->next(b); };
    bool have_a = left.next(a), have_b = next_right();
    std::uint64_t added = 0, removed = 0, changed = 0;
    const auto show = [&](char mark, const stream::Entry& e, const std::string& what) {
        const std::string path = e.path.empty() ? "." : e.path;
        command.line(cat(mark, " ", printable(path), what.empty() ? "" : "  ", what), [&] {
            json j{{"change", std::string(1, mark)}};
            tool::add_path(j, "path", path);
            if (!what.empty()) j["what"] = what;
            return j;
        });
    };
    while (have_a || have_b) {
        command.console().progress(0, 0);
        const int order = !have_a ? 1 : !have_b ? -1 : stream::compare_paths(a.entry.path, b.entry.path);
        if (order < 0) {
            ++removed;
            show('-', a.entry, "");
        } else if (order > 0) {
            ++added;
            show('+', b.entry, "");
        } else {
            if (directory && a.entry.type == stream::Type::file && b.entry.type == stream::Type::file)
                directory->content(b, a, o.checksum);
            const std::string what = compare(a, b, ::geteuid() == 0 || !directory);
            if (!what.empty()) {
                ++changed;
                show('~', b.entry, what);
            }
        }
        if (order <= 0) have_a = left.next(a);
        if (order >= 0) have_b = next_right();
    }
    json& j = command.result();
    j["from"] = from.id().str();
    j["to"] = to ? to->id().str() : tool::json_text(o.to);
    j["added"] = added;
    j["removed"] = removed;
    j["changed"] = changed;
    return added + removed + changed == 0 ? Exit::ok : Exit::warned;
}

// ---- cat ----

struct CatOptions {
    std::string store, name, generation, path, format;
};

// Calls data(bytes) for each chunk and gap(bytes) for each hole or run of zeros, in order.
template <class Data, class Gap>
void for_content(const store::EntryView& view, store::ChunkReader& chunks, Monitor& monitor, Data&& data, Gap&& gap) {
    std::size_t run = 0;
    std::uint64_t in_run = 0, done = 0;
    for (const stream::Extent& extent : view.extents) {
        if (extent.kind != stream::Extent::Kind::data) {
            gap(extent.bytes);
            continue;
        }
        for (std::uint64_t i = 0; i < extent.chunks; ++i) {
            const ByteSpan bytes = chunks.read(view.runs[run].start + in_run);
            data(bytes);
            done += bytes.size();
            monitor.progress(done, view.bytes);
            if (++in_run == view.runs[run].count) {
                ++run;
                in_run = 0;
            }
        }
    }
}

void write_content(const store::EntryView& view, store::ChunkReader& chunks, io::Sink& sink, Monitor& monitor) {
    static const Buffer zeros(64 << 10);
    for_content(view, chunks, monitor, [&](ByteSpan bytes) { sink.write(bytes); },
                [&](std::uint64_t left) {
                    for (std::uint64_t n = 0; left > 0; left -= n) {
                        n = std::min<std::uint64_t>(left, zeros.size());
                        sink.write(ByteSpan(zeros).first(n));
                    }
                });
}

Exit cat_tree(tool::Command& command, const CatOptions& o, const store::GenerationFile& g, store::StoreReader& reader) {
    const archive::Format format = *archive::parse_format(o.format);
    tool::require_pipe(STDOUT_FILENO, "the archive");
    io::FdSink sink(STDOUT_FILENO, "standard output");
    archive::ArchiveWriter out(sink, format, command.console());
    store::EntryView view;
    // Files that have further names: where the format has no hard links, those are files of their own.
    std::map<std::string, store::EntryView> linked;
    store::EntryReader first_pass(g, reader.chunks);
    while (first_pass.next(view)) {
        if (view.entry.type != stream::Type::hardlink) continue;
        if (archive::has_hard_links(format))
            out.expect_link(view.entry.target);
        else
            linked.try_emplace(view.entry.target);
    }
    store::EntryReader entries(g, reader.chunks);
    while (entries.next(view)) {
        const auto kept = linked.find(view.entry.path);
        if (kept != linked.end()) kept->second = view;
        if (view.entry.type == stream::Type::hardlink && !archive::has_hard_links(format)) {
            std::string path = view.entry.path;
            view = linked.at(view.entry.target);
            view.entry.path = std::move(path);
        }
        const bool wanted = out.begin(view.entry, view.bytes, view.extents);
        if (!wanted || view.entry.type != stream::Type::file) continue;
        for_content(view, reader.chunks, command.console(), [&](ByteSpan bytes) { out.data(bytes); }, [](std::uint64_t) {});
        out.end();
    }
    out.finish();
    sink.flush();
    return Exit::ok;
}

Exit cat_file(tool::Command& command, const CatOptions& o, const store::GenerationFile& g, store::StoreReader& reader) {
    std::string path = o.path;
    while (path.starts_with("./")) path.erase(0, 2);
    std::optional<store::EntryReader> entries(std::in_place, g, reader.chunks);
    store::EntryView view;
    std::string wanted = path;
    while (entries->next(view)) {
        if (view.entry.path != wanted) continue;
        if (view.entry.type == stream::Type::hardlink) {
            // The first name is earlier in the order: from the start again.
            wanted = view.entry.target;
            entries.emplace(g, reader.chunks);
            continue;
        }
        if (view.entry.type != stream::Type::file)
            fail(Exit::no_input, cat(printable(path), ": is a ", stream::type_name(view.entry.type), ", not a file"));
        io::FdSink sink(STDOUT_FILENO, "standard output");
        write_content(view, reader.chunks, sink, command.console());
        sink.flush();
        return Exit::ok;
    }
    fail(Exit::no_input, cat(o.name, " ", g.id().str(), ": has no ", printable(path)), "'rs-store show --entries' lists what it has");
}

Exit run_cat(tool::Command& command, const CatOptions& o) {
    if (o.path.empty() == o.format.empty())
        fail(Exit::usage, "give a PATH, or --format for the whole tree", "see 'rs-store cat --help'");
    command.stream_on_stdout();
    const store::Store s(o.store);
    const store::GenerationFile g = store::select_generation(s, o.name, o.generation, now_utc());
    store::StoreReader reader(s);
    return o.format.empty() ? cat_file(command, o, g, reader) : cat_tree(command, o, g, reader);
}

} // namespace

void store_tool::add_content(tool::Command& command, std::function<Exit()>& chosen) {
    CLI::App* sub = nullptr;
    const auto diff = add<DiffOptions>(command, chosen, "diff", "what differs between two generations", sub, run_diff);
    sub->add_option("NAME", diff->name, "name of the service")->required();
    sub->add_option("GEN", diff->from, "latest, E.C, a time, an age")->required();
    sub->add_option("OTHER", diff->to, "a generation, or a directory (with a /)")->required();
    sub->add_flag("--checksum", diff->checksum, "read files whose size and time are equal");
    const auto cat = add<CatOptions>(command, chosen, "cat", "one file, or the tree as an archive", sub, run_cat);
    sub->add_option("NAME", cat->name, "name of the service")->required();
    sub->add_option("GEN", cat->generation, "latest, E.C, a time, an age")->required();
    sub->add_option("PATH", cat->path, "the file");
    sub->add_option("--format", cat->format, "the whole tree as tar, cpio or zip")->check(CLI::IsMember({"tar", "cpio", "zip"}));
}
