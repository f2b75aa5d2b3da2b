// SPDX-License-Identifier: Apache-2.0
#include "stream/checker.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/format.hpp"

namespace rs::stream {

void Checker::bad(std::string_view why) const {
    fail(Exit::data, cat(what_, ": entry ", printable(last_.empty() ? "." : last_), ": ", why));
}

void Checker::feed(const Op& op) {
    switch (op.kind) {
    case Op::Kind::entry:
        if (in_file_) bad("another entry begins before the file ends");
        check_entry(op.entry);
        return;
    case Op::Kind::data:
    case Op::Kind::hole:
    case Op::Kind::zero: {
        if (!in_file_) bad("an extent outside a file");
        file_bytes_ += op.bytes;
        if (file_bytes_ > max_file_bytes) bad("is larger than the limit");
        if (op.kind == Op::Kind::data) {
            totals_.data_bytes += op.bytes;
            totals_.chunks += op.chunks;
        }
        return;
    }
    case Op::Kind::end:
        if (!in_file_) bad("the end of a file outside a file");
        if (__builtin_add_overflow(totals_.bytes, file_bytes_, &totals_.bytes)) bad("sizes exceed 64 bits");
        if (!op.sha256) ++totals_.files_without_sha256;
        in_file_ = false;
        return;
    case Op::Kind::withdraw:
        if (!in_file_) bad("a file is withdrawn outside a file");
        last_ = before_file_;
        totals_ = totals_before_file_;
        in_file_ = false;
        return;
    case Op::Kind::copy:
    case Op::Kind::skip: bad("refers to a parent generation where there is none");
    }
}

void Checker::check_entry(const Entry& e) {
    const bool first = totals_.entries == 0;
    const std::string before = last_;
    if (e.type == Type::file) {
        before_file_ = last_;
        totals_before_file_ = totals_;
    }
    last_ = e.path;
    if (first) {
        if (!e.path.empty() || e.type != Type::directory) bad("the first entry is not the root directory");
    } else {
        if (const auto fault = path_fault(e.path); !fault.empty()) bad(cat("the path ", fault));
        const int order = compare_paths(before, e.path);
        if (order == 0) bad("appears twice");
        if (order > 0) bad("is out of order");
        // In walk order a directory's entries follow it at once, so the only open directories are
        // the last one seen and those above it.
        const std::string_view parent = parent_path(e.path);
        const std::string_view open = directory_;
        const bool inside = parent.empty() || parent == open ||
                            (open.size() > parent.size() && open.starts_with(parent) && open[parent.size()] == '/');
        if (!inside) bad("is not in a directory of this tree");
        directory_ = parent;
    }
    if (e.type == Type::directory) directory_ = e.path;
    for (std::size_t i = 0; i < e.xattrs.size(); ++i) {
        const std::string& name = e.xattrs[i].name;
        if (name.empty() || name.find('\0') != std::string::npos) bad("an illegal attribute name");
        if (i > 0 && !(e.xattrs[i - 1].name < name)) bad("attributes are not sorted");
    }
    if (e.type == Type::hardlink) {
        if (e.target.empty() || !path_fault(e.target).empty()) bad("a hard link to an illegal path");
        if (compare_paths(e.target, e.path) >= 0) bad("a hard link to a later path");
    }
    if (e.type == Type::symlink && (e.target.empty() || e.target.find('\0') != std::string::npos))
        bad("a symbolic link to an illegal text");
    ++totals_.entries;
    if (e.type == Type::directory) ++totals_.directories;
    if (e.type == Type::file) {
        ++totals_.files;
        in_file_ = true;
        file_bytes_ = 0;
    }
}

void Checker::finish() const {
    if (in_file_) bad("the manifest ends inside the file");
    if (totals_.entries == 0) fail(Exit::data, cat(what_, ": holds no entry, not even the root directory"));
}

} // namespace rs::stream
