// SPDX-License-Identifier: Apache-2.0
// rs-export --exec: the output of a command is a file; its exit status decides whether there is one.
#include <unistd.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/child.hpp"
#include "tree/exporter.hpp"
#include "tree/owners.hpp"
#include "tree/parent_merge.hpp"

namespace rs::tree {

namespace {

stream::Entry plain_entry(stream::Type type, const std::string& path, std::uint32_t mode,
                          const stream::Stamp& time, Owners& owners) {
    stream::Entry e;
    e.type = type;
    e.path = path;
    e.mode = mode;
    e.uid = ::geteuid();
    e.gid = ::getegid();
    e.user = owners.user_name(::geteuid());
    e.group = owners.group_name(::getegid());
    e.mtime = time;
    return e;
}

} // namespace

ExportResult export_command(const std::string& name, const std::vector<std::string>& argv,
                            const ExportOptions& options, stream::HaveReader* have, io::Sink& sink,
                            Monitor& monitor) {
    if (name.empty() || name.find('/') != std::string::npos || !stream::path_fault(name).empty())
        fail(Exit::usage, cat("--exec ", printable(name), ": not a file name"));
    const stream::Header header = dump_header(options, have);
    const chunk::Hasher hasher(header.key);
    stream::StreamWriter writer(sink, header, options.writer);
    stream::ContentWriter content(writer, hasher, have != nullptr ? &have->table() : nullptr, options.sha256,
                                  monitor);
    ParentMerge merge(have, writer);
    Owners owners;
    io::Child child(argv);

    merge.advance("");
    merge.replace();
    writer.entry(plain_entry(stream::Type::directory, "", 0700, header.time, owners));
    const stream::HaveEntry* old = merge.advance(name);
    merge.replace();
    if (old != nullptr && old->entry.type != stream::Type::file) old = nullptr;
    stream::Entry file = plain_entry(stream::Type::file, name, 0600, header.time, owners);
    // How long the output will be is not known; the last one's length is the best guess.
    file.params = chunk::choose_params(old != nullptr ? old->entry.params.method : chunk::Method::content,
                                       old != nullptr ? old->bytes : 0,
                                       old != nullptr ? &old->entry.params : nullptr);
    writer.entry(file);
    content.begin(file.params, old);
    io::widen_pipe(child.output());
    content.region(UINT64_MAX, [&](MutableSpan into) {
        return io::read_some(child.output(), into, cat("output of ", argv[0]));
    });
    const auto read = content.end();
    child.wait("nothing is published; the previous generation stays the newest");
    if (read.bytes == 0)
        fail(Exit::unavailable, cat(printable(argv[0]), ": exited with status 0 but wrote nothing"),
             "nothing is published; an empty dump is not taken for a good one");
    writer.end(read.sha256);
    merge.finish();
    writer.finish(false, std::nullopt);

    ExportResult result;
    result.generation = header.generation;
    if (header.parent) result.parent = header.parent->generation;
    result.entries = 2;
    result.files = 1;
    result.tree_bytes = read.bytes;
    result.read_bytes = content.totals().read_bytes;
    result.new_bytes = content.totals().new_bytes;
    result.new_chunks = content.totals().new_chunks;
    return result;
}

} // namespace rs::tree
