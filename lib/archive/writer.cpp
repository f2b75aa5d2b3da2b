// SPDX-License-Identifier: Apache-2.0
// What libarchive 3.6 needs to be told (each found by experiment):
//
//  - In a UTF-8 locale names that are UTF-8 go into pax headers as they are. Of others it says that they cannot be
//    translated, and writes them as bytes, marked hdrcharset=BINARY. GNU tar grumbles about that
//    keyword and unpacks them right; so not all names are marked.
//  - The fraction of a pax time before 1970 has to be counted downwards by us (see reader.cpp).
//  - The zip writer marks all names as UTF-8 in a UTF-8 locale, and then others cannot read the archive if one is not.
//  - The zip writer crashes on a time that localtime(3) refuses; the cpio writer makes 2106 of all before 1970.
//  - Freeing an archive finishes it; it leaks memory if that was forbidden with archive_write_fail(), or if the
//    write callback failed. So libarchive never learns that the sink failed.
//  - A cpio member named TRAILER!!! ends the archive.
#include "archive/writer.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>

#include "archive/acl.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace rs::archive {

namespace {

constexpr std::uint64_t tar_block_bytes = 512;
constexpr int tar_record_bytes = 20 * 512;         // as tar always did
constexpr int block_bytes = 25 * tar_record_bytes; // of one write; also a multiple of the next
constexpr int cpio_block_bytes = 512;
constexpr std::uint64_t max_cpio_file_bytes = 0xffffffff; // eight hexadecimal digits
constexpr std::int64_t max_cpio_time = 0xffffffff;
constexpr std::int64_t min_zip_time = 315'532'800; // 1980-01-01: APPNOTE.TXT 4.4.6
constexpr std::int64_t max_zip_time = 0x7fffffff;  // signed in the extra field 0x5455
constexpr std::string_view cpio_end_name = "TRAILER!!!";

const Buffer& zeros() {
    static const Buffer bytes(1 << 20);
    return bytes;
}

unsigned filetype_of(stream::Type type) {
    switch (type) {
    case stream::Type::directory: return AE_IFDIR;
    case stream::Type::symlink: return AE_IFLNK;
    case stream::Type::fifo: return AE_IFIFO;
    case stream::Type::char_device: return AE_IFCHR;
    case stream::Type::block_device: return AE_IFBLK;
    case stream::Type::socket: return AE_IFSOCK;
    default: return AE_IFREG;
    }
}

int acl_tag(AclEntry::Tag tag) {
    switch (tag) {
    case AclEntry::Tag::owner: return ARCHIVE_ENTRY_ACL_USER_OBJ;
    case AclEntry::Tag::user: return ARCHIVE_ENTRY_ACL_USER;
    case AclEntry::Tag::owning_group: return ARCHIVE_ENTRY_ACL_GROUP_OBJ;
    case AclEntry::Tag::group: return ARCHIVE_ENTRY_ACL_GROUP;
    case AclEntry::Tag::mask: return ARCHIVE_ENTRY_ACL_MASK;
    case AclEntry::Tag::other: break;
    }
    return ARCHIVE_ENTRY_ACL_OTHER;
}

bool set_acl(::archive_entry* to, int type, std::string_view value) {
    const auto acl = decode_acl(value);
    if (!acl || !complete_acl(*acl)) return false;
    for (const AclEntry& e : *acl)
        if (::archive_entry_acl_add_entry(to, type, e.permissions, acl_tag(e.tag),
                                          e.id == no_acl_id ? -1 : static_cast<int>(e.id),
                                          nullptr) != ARCHIVE_OK)
            return false;
    return true;
}

std::string shown(const std::string& path) { return path.empty() ? "." : printable(path); }

} // namespace

std::optional<Format> parse_format(std::string_view name) {
    if (name == "tar") return Format::tar;
    if (name == "cpio") return Format::cpio;
    if (name == "zip") return Format::zip;
    return std::nullopt;
}

bool has_hard_links(Format format) { return format != Format::zip; }

struct ArchiveWriter::Handle {
    ::archive* const a = ::archive_write_new();
    Handle() {
        if (a == nullptr) fail(Exit::temp_fail, "libarchive: out of memory");
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { ::archive_write_free(a); }
};

struct ArchiveWriter::Raw {
    ::archive_entry* const e = ::archive_entry_new();
    Raw() {
        if (e == nullptr) fail(Exit::temp_fail, "libarchive: out of memory");
    }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;
    ~Raw() { ::archive_entry_free(e); }
};

ArchiveWriter::ArchiveWriter(io::Sink& sink, Format format, Monitor& monitor)
    : sink_(sink), format_(format), monitor_(monitor), utf8_("C.UTF-8"), bytes_("C"),
      handle_(std::make_unique<Handle>()) {
    const Charset::Use use(utf8_);
    ::archive* const a = handle_->a;
    ::archive_write_add_filter_none(a);
    ::archive_write_set_bytes_per_block(a, block_bytes);
    switch (format_) {
    case Format::tar:
        check(::archive_write_set_format_pax(a), {});
        check(::archive_write_set_format_option(a, "pax", "xattrheader", "SCHILY"), {});
        ::archive_write_set_bytes_in_last_block(a, tar_record_bytes);
        break;
    case Format::cpio:
        check(::archive_write_set_format_cpio_newc(a), {});
        ::archive_write_set_bytes_in_last_block(a, cpio_block_bytes);
        break;
    case Format::zip:
        check(::archive_write_set_format_zip(a), {});
        check(::archive_write_zip_set_compression_deflate(a), {});
        ::archive_write_set_bytes_in_last_block(a, 1);
        break;
    }
    const auto write = [](::archive* handle, void* self, const void* bytes,
                          std::size_t size) -> la_ssize_t {
        auto& writer = *static_cast<ArchiveWriter*>(self);
        if (writer.abandoned_ && writer.format_ != Format::zip) {
            ::archive_set_error(handle, EIO, "abandoned");
            return -1;
        }
        try {
            if (!writer.abandoned_ && !writer.error_)
                writer.sink_.write(ByteSpan(static_cast<const std::byte*>(bytes), size));
        } catch (...) {
            writer.error_ = std::current_exception();
        }
        return static_cast<la_ssize_t>(size);
    };
    check(::archive_write_open(a, this, nullptr, write, nullptr), {});
}

// To free an archive is to finish it. What libarchive then writes is dropped; for tar and cpio it is refused, or
// zeros would be made for all that is missing of a file.
ArchiveWriter::~ArchiveWriter() {
    const Charset::Use use(utf8_);
    abandoned_ = true;
    handle_.reset();
}

// Anything but ARCHIVE_OK and ARCHIVE_WARN is an error.
void ArchiveWriter::check(int result, const std::string& path) {
    if (error_) std::rethrow_exception(error_);
    if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
    ::archive* const a = handle_->a;
    const char* const text = ::archive_error_string(a);
    fail(::archive_errno(a) == ENOMEM ? Exit::temp_fail : Exit::io,
         cat(path.empty() ? std::string("archive") : printable(path),
             ": cannot write: ", text != nullptr ? printable(text) : "libarchive gives no reason"));
}

void ArchiveWriter::expect_link(const std::string& target) {
    if (has_hard_links(format_)) ++linked_[target].names;
}

// Why the format has no room for it, or empty.
std::string_view ArchiveWriter::unfit(const stream::Entry& e, const Linked* first,
                                      std::uint64_t size) const {
    const stream::Type type = e.type;
    if (first != nullptr && first->left_out) return "a hard link to what was left out";
    switch (format_) {
    case Format::tar:
        if (type == stream::Type::socket) return "tar knows no sockets";
        break;
    case Format::cpio:
        if (size > max_cpio_file_bytes) return "cpio takes no file of 4 GiB or more";
        break;
    case Format::zip:
        if (type == stream::Type::hardlink) return "zip knows no hard links";
        if (type != stream::Type::file && type != stream::Type::directory &&
            type != stream::Type::symlink)
            return "zip takes only files, directories and symbolic links";
        break;
    }
    return {};
}

void ArchiveWriter::set_names(const Raw& to, const stream::Entry& e, const Linked* first) const {
    std::string path = e.path;
    if (path.empty()) path = format_ == Format::tar ? "./" : ".";
    if (format_ == Format::cpio && path == cpio_end_name) path.insert(0, "./");
    ::archive_entry_copy_pathname(to.e, path.c_str());
    if (format_ == Format::tar && first != nullptr)
        ::archive_entry_copy_hardlink(to.e, e.target.c_str());
    const stream::Entry& what = first != nullptr ? first->entry : e;
    if (what.type == stream::Type::symlink && !(format_ == Format::tar && first != nullptr))
        ::archive_entry_copy_symlink(to.e, what.target.c_str());
    ::archive_entry_copy_uname(to.e, what.user.c_str());
    ::archive_entry_copy_gname(to.e, what.group.c_str());
}

void ArchiveWriter::set_time(const Raw& to, const stream::Stamp& time) {
    stream::Stamp t = time;
    switch (format_) {
    case Format::tar:
        // -1.25 s is {-2, 750'000'000} for us and has to be {-1, 250'000'000} here. There is no -0.
        if (t.seconds < 0 && t.nanoseconds > 0) {
            if (t.seconds < -1) {
                ++t.seconds;
                t.nanoseconds = 1'000'000'000 - t.nanoseconds;
            } else {
                t.nanoseconds = 0;
            }
        }
        break;
    case Format::cpio: t = {std::clamp<std::int64_t>(t.seconds, 0, max_cpio_time), 0}; break;
    case Format::zip: t = {std::clamp(t.seconds, min_zip_time, max_zip_time), 0}; break;
    }
    if (format_ != Format::tar && t.seconds != time.seconds) ++lost_times_;
    ::archive_entry_set_mtime(to.e, static_cast<time_t>(t.seconds),
                              static_cast<long>(t.nanoseconds));
}

void ArchiveWriter::set_attributes(const Raw& to, const stream::Entry& e) {
    if (format_ != Format::tar) {
        if (!e.xattrs.empty()) ++lost_attributes_;
        return;
    }
    for (const stream::Xattr& x : e.xattrs) {
        if (x.name == access_acl_name && set_acl(to.e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, x.value))
            continue;
        if (x.name == default_acl_name && set_acl(to.e, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, x.value))
            continue;
        ::archive_entry_xattr_add_entry(to.e, x.name.c_str(), x.value.data(), x.value.size());
    }
}

// libarchive wants to be told where there is data. A file that is all hole has an empty stretch at its end. GNU tar
// begins each stretch in a new block, libarchive does not: they agree where stretches are whole blocks.
void ArchiveWriter::set_holes(const Raw& to, std::uint64_t size) const {
    const auto hole = [](const stream::Extent& x) { return x.kind == stream::Extent::Kind::hole; };
    if (format_ != Format::tar || std::none_of(extents_.begin(), extents_.end(), hole)) return;
    std::uint64_t start = 0, end = 0; // of the stretch
    const auto close = [&] {
        if (end > start)
            ::archive_entry_sparse_add_entry(to.e, static_cast<la_int64_t>(start),
                                             static_cast<la_int64_t>(end - start));
    };
    std::uint64_t at = 0;
    for (const stream::Extent& x : extents_) {
        const std::uint64_t first = at / tar_block_bytes * tar_block_bytes;
        at += x.bytes;
        if (hole(x)) continue;
        if (first > end) {
            close();
            start = first;
        }
        end = std::min((at + tar_block_bytes - 1) / tar_block_bytes * tar_block_bytes, size);
    }
    close();
    if (end == start) ::archive_entry_sparse_add_entry(to.e, static_cast<la_int64_t>(size), 0);
}

bool ArchiveWriter::write_header(const stream::Entry& e, const Linked* first, std::uint64_t size) {
    const stream::Entry& what = first != nullptr ? first->entry : e;
    const Raw to;
    ::archive_entry_set_filetype(to.e, filetype_of(what.type));
    ::archive_entry_set_perm(to.e, static_cast<mode_t>(what.mode));
    ::archive_entry_set_uid(to.e, static_cast<la_int64_t>(what.uid));
    ::archive_entry_set_gid(to.e, static_cast<la_int64_t>(what.gid));
    ::archive_entry_set_size(to.e, static_cast<la_int64_t>(size));
    if (what.type == stream::Type::char_device || what.type == stream::Type::block_device) {
        ::archive_entry_set_rdevmajor(to.e, what.major);
        ::archive_entry_set_rdevminor(to.e, what.minor);
    }
    set_names(to, e, first);
    set_time(to, what.mtime);
    if (first == nullptr) set_attributes(to, e);
    set_holes(to, size);
    if (format_ == Format::cpio) {
        // The names of a file are known by one number; that they are several must be said with each.
        const auto linked = linked_.find(e.path);
        const Linked* const group = first != nullptr          ? first
                                    : linked != linked_.end() ? &linked->second
                                                              : nullptr;
        ::archive_entry_set_ino64(
            to.e, static_cast<la_int64_t>(group != nullptr ? group->number : ++last_number_));
        ::archive_entry_set_nlink(to.e, what.type == stream::Type::directory ? 2
                                        : group != nullptr                   ? group->names
                                                                             : 1);
    }
    const int result = ::archive_write_header(handle_->a, to.e);
    if (error_) std::rethrow_exception(error_);
    const char* const raw = ::archive_error_string(handle_->a);
    const std::string_view text = raw != nullptr ? raw : "libarchive gives no reason";
    if (result == ARCHIVE_FAILED) {
        monitor_.warn(cat(shown(e.path), ": left out: ", printable(text)));
        return false;
    }
    check(result, e.path);
    if (result == ARCHIVE_WARN && !text.starts_with("Can't translate "))
        monitor_.warn(cat(shown(e.path), ": ", printable(text)));
    return true;
}

bool ArchiveWriter::begin(const stream::Entry& e, std::uint64_t size,
                          std::span<const stream::Extent> extents) {
    RS_ASSERT(!in_file_ && !finished_);
    const bool file = e.type == stream::Type::file;
    RS_ASSERT(file || (size == 0 && extents.empty()));
    std::uint64_t total = 0;
    for (const stream::Extent& x : extents) total += x.bytes;
    RS_ASSERT(total == size);
    if (format_ == Format::zip && e.path.empty()) return false;
    const Charset::Use use(format_ == Format::zip && !valid_utf8(e.path) ? bytes_ : utf8_);
    path_ = e.path;
    extents_.assign(extents.begin(), extents.end());
    const Linked* first = nullptr;
    Linked* group = nullptr; // if other names of it will follow
    if (e.type == stream::Type::hardlink && has_hard_links(format_)) {
        const auto at = linked_.find(e.target);
        if (at == linked_.end() || at->second.number == 0)
            fail(Exit::data, cat(shown(e.path), ": a hard link to ", shown(e.target),
                                 ", which does not come before it"));
        first = &at->second;
    } else if (const auto at = linked_.find(e.path); at != linked_.end()) {
        group = &at->second;
        group->entry = e;
        group->entry.xattrs.clear();
        group->number = ++last_number_;
    }
    const std::string_view why = unfit(e, first, size);
    if (!why.empty()) monitor_.warn(cat(shown(e.path), ": left out: ", why));
    if (!why.empty() || !write_header(e, first, size)) {
        if (group != nullptr) group->left_out = true;
        return false;
    }
    if (!file) return true;
    in_file_ = true;
    extent_ = 0;
    extent_bytes_ = extents_.empty() ? 0 : extents_[0].bytes;
    pass_gaps();
    return true;
}

void ArchiveWriter::put(ByteSpan bytes) {
    while (!bytes.empty()) {
        const la_ssize_t n = ::archive_write_data(handle_->a, bytes.data(), bytes.size());
        if (n <= 0 || error_) check(n < 0 ? static_cast<int>(n) : ARCHIVE_FATAL, path_);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

// Over all that is no data. Of a hole in a tar libarchive wants the bytes, and does not write them.
void ArchiveWriter::pass_gaps() {
    while (extent_ < extents_.size()) {
        if (extents_[extent_].kind == stream::Extent::Kind::data && extent_bytes_ > 0) return;
        while (extent_bytes_ > 0) {
            const auto n =
                static_cast<std::size_t>(std::min<std::uint64_t>(extent_bytes_, zeros().size()));
            put(ByteSpan(zeros()).first(n));
            extent_bytes_ -= n;
        }
        if (++extent_ < extents_.size()) extent_bytes_ = extents_[extent_].bytes;
    }
}

void ArchiveWriter::data(ByteSpan bytes) {
    if (!in_file_) return;
    const Charset::Use use(utf8_);
    while (!bytes.empty()) {
        RS_ASSERT(extent_ < extents_.size());
        const std::size_t n =
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), extent_bytes_));
        put(bytes.first(n));
        bytes = bytes.subspan(n);
        extent_bytes_ -= n;
        pass_gaps();
    }
}

void ArchiveWriter::end() {
    if (!in_file_) return;
    const Charset::Use use(utf8_);
    RS_ASSERT(extent_ == extents_.size());
    in_file_ = false;
    check(::archive_write_finish_entry(handle_->a), path_);
}

void ArchiveWriter::finish() {
    RS_ASSERT(!in_file_ && !finished_);
    const Charset::Use use(utf8_);
    finished_ = true;
    check(::archive_write_close(handle_->a), {});
    const std::string_view format = format_ == Format::cpio ? "cpio" : "zip";
    if (lost_attributes_ > 0)
        monitor_.warn(cat("archive: ", format, " keeps no attributes: left out of ",
                          lost_attributes_, lost_attributes_ == 1 ? " entry" : " entries"));
    if (lost_times_ > 0)
        monitor_.warn(cat("archive: ", format, " has no such times: changed in ", lost_times_,
                          lost_times_ == 1 ? " entry" : " entries"));
}

} // namespace rs::archive
