// SPDX-License-Identifier: Apache-2.0
// What libarchive 3.6 does to names, and why we call it as we do (each found by experiment):
//
//  - Names in a pax header are UTF-8. In a UTF-8 locale libarchive brings them into normal form C, so that
//    a name of a Mac comes out as another one. In the C locale the conversion fails for every byte above 127, and it then
//    hands over the bytes as they are, with a warning, which we know to be none. So tar and cpio are read
//    in the C locale. For zip a failed conversion leaves no name at all: it is read in C.UTF-8, and its names are
//    brought into normal form C. Backslashes in them become slashes if there is no slash.
//  - A pax time before 1970 has its sign on the fraction too: "-1.25" is 1.25 s before 1970. libarchive gives
//    -1 s and +250 ms for it. (For "-0.25" it gives +250 ms, which cannot be told from 0.25.)
//  - Names of attributes are encoded as in URLs where GNU tar and libarchive write them ("%3D" for "=");
//    libarchive does not decode them.
//  - The entries owner, owning group and other of an ACL are folded into the mode. With a mask, Linux has
//    that in the place of the owning group's.
//  - A checksum that does not match in a zip is a mere warning: for data we take none.
//  - The end of file in the place of a tar's header is taken for the end of the archive.
#include "archive/reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "archive/acl.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "io/file.hpp"
#include "io/sys.hpp"
#include "stream/format.hpp"

namespace rs::archive {

namespace {

constexpr std::size_t tar_block_bytes = 512;
constexpr std::size_t spool_read_bytes = 256 << 10;
// "./" in front and doubled slashes go before the limit of paths counts.
constexpr std::size_t max_raw_path_bytes = 2 * stream::max_path_bytes;
constexpr std::size_t max_shown_bytes = 300;
constexpr std::uint64_t max_warnings = 100; // a hostile archive must not flood a log

// APPNOTE.TXT 4.3.7, 4.3.16 and 8.5.3, 8.5.4: a local header, the end record of an empty archive, and the
// marks of a spanned one.
bool is_zip(ByteSpan head) {
    const std::string_view text = as_text(head.first(std::min<std::size_t>(head.size(), 4)));
    return text == "PK\3\4" || text == "PK\5\6" || text == "PK\7\10" || text == "PK00";
}

std::string shown(std::string_view path) {
    if (path.empty()) return ".";
    return path.size() <= max_shown_bytes ? printable(path)
                                          : cat(printable(path.substr(0, max_shown_bytes)), "...");
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

std::string url_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0) {
            out += text[i];
        } else {
            out += static_cast<char>(high << 4 | low);
            i += 2;
        }
    }
    return out;
}

std::string fitting(const char* name) {
    if (name == nullptr || ::strnlen(name, stream::max_user_bytes + 1) > stream::max_user_bytes)
        return {};
    return name;
}

// "Pathname can't be converted from UTF-8 to current locale.": it then is what stands in the archive.
bool about_charset(std::string_view message) {
    return (message.starts_with("Pathname ") || message.starts_with("Linkname ") ||
            message.starts_with("Uname ") || message.starts_with("Gname ")) &&
           message.find("be converted from ") != std::string_view::npos;
}

std::optional<stream::Type> type_of(unsigned filetype) {
    switch (filetype) {
    case AE_IFREG: return stream::Type::file;
    case AE_IFDIR: return stream::Type::directory;
    case AE_IFLNK: return stream::Type::symlink;
    case AE_IFIFO: return stream::Type::fifo;
    case AE_IFCHR: return stream::Type::char_device;
    case AE_IFBLK: return stream::Type::block_device;
    case AE_IFSOCK: return stream::Type::socket;
    default: return std::nullopt;
    }
}

std::optional<AclEntry::Tag> acl_tag(int tag) {
    switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ: return AclEntry::Tag::owner;
    case ARCHIVE_ENTRY_ACL_USER: return AclEntry::Tag::user;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ: return AclEntry::Tag::owning_group;
    case ARCHIVE_ENTRY_ACL_GROUP: return AclEntry::Tag::group;
    case ARCHIVE_ENTRY_ACL_MASK: return AclEntry::Tag::mask;
    case ARCHIVE_ENTRY_ACL_OTHER: return AclEntry::Tag::other;
    default: return std::nullopt;
    }
}

} // namespace

struct ArchiveReader::Handle {
    ::archive* const a = ::archive_read_new();
    Handle() {
        if (a == nullptr) fail(Exit::temp_fail, "libarchive: out of memory");
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { ::archive_read_free(a); }
};

struct ArchiveReader::Raw {
    ::archive_entry* e;
};

ArchiveReader::ArchiveReader(io::Source& in, Options options, Monitor& monitor)
    : name_(printable(in.name())), options_(std::move(options)), monitor_(monitor), unpacker_(in),
      piece_(unpacker_.next()), piece_end_(piece_.size()),
      charset_(is_zip(piece_) ? "C.UTF-8" : "C"), handle_(std::make_unique<Handle>()) {
    if (piece_.empty())
        fail(Exit::data, cat(name_, ": empty"),
             "whoever was to write the archive did not begin; see its own message");
    const Charset::Use use(charset_);
    if (is_zip(piece_))
        open_spooled(options_.temp_dir);
    else
        open_stream();
}

ArchiveReader::~ArchiveReader() {
    const Charset::Use use(charset_);
    handle_.reset();
}

void ArchiveReader::open_stream() {
    ::archive* const a = handle_->a;
    ::archive_read_support_format_tar(a);
    ::archive_read_support_format_cpio(a);
    // To the end of file, over end marks: no archive behind the first one is lost unnoticed (GNU tar: -i).
    ::archive_read_set_format_option(a, "tar", "read_concatenated_archives", "1");
    const auto read = [](::archive* handle, void* self, const void** out) -> la_ssize_t {
        auto& reader = *static_cast<ArchiveReader*>(self);
        try {
            if (!reader.piece_pending_) {
                reader.piece_ = reader.unpacker_.next();
                reader.piece_end_ += reader.piece_.size();
            }
            reader.piece_pending_ = false;
            *out = reader.piece_.data();
            return static_cast<la_ssize_t>(reader.piece_.size());
        } catch (...) {
            reader.error_ = std::current_exception();
            ::archive_set_error(handle, EIO, "read error");
            return -1;
        }
    };
    const int result = ::archive_read_open(a, this, nullptr, read, nullptr);
    if (error_) std::rethrow_exception(error_);
    if (result != ARCHIVE_OK)
        fail(Exit::data, cat(name_, ": neither a tar nor a cpio nor a zip archive"));
}

// Types and modes are only in the directory at the end of a zip: read as it comes, every symbolic link
// were a file.
void ArchiveReader::open_spooled(const std::string& temp_dir) {
    const char* const from_environment = std::getenv("TMPDIR");
    const std::string dir = !temp_dir.empty() ? temp_dir
                            : from_environment != nullptr && *from_environment != '\0'
                                ? from_environment
                                : "/var/tmp";
    spool_ = io::Fd(io::sys::openat(AT_FDCWD, dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!spool_ && (errno == EOPNOTSUPP || errno == EISDIR)) { // not every file system can do that
        const std::string path = cat(dir, "/", io::random_name("rs-export."));
        spool_ = io::Fd(
            io::sys::openat(AT_FDCWD, path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
        if (spool_) io::sys::unlinkat(AT_FDCWD, path.c_str(), 0);
    }
    if (!spool_) fail_errno(Exit::cant_create, dir, "create a temporary file in");
    const std::string what = cat(dir, ": copy of ", name_);
    std::uint64_t bytes = 0;
    for (; !piece_.empty(); piece_ = unpacker_.next()) {
        io::write_all(spool_.get(), piece_, what);
        bytes += piece_.size();
        monitor_.progress(bytes, 0);
    }
    if (unpacker_.garbage_behind())
        warn_once("bytes behind the end of the compressed data are left out");
    if (::lseek(spool_.get(), 0, SEEK_SET) != 0) fail_errno(Exit::io, what, "seek in");
    ::archive_read_support_format_zip_seekable(handle_->a);
    if (::archive_read_open_fd(handle_->a, spool_.get(), spool_read_bytes) != ARCHIVE_OK)
        fail(Exit::data, cat(name_, ": a zip archive without the directory at its end"),
             "it was cut short");
}

void ArchiveReader::bad(std::string_view path, std::string_view why, std::string hint) const {
    fail(Exit::data, cat(name_, ": member ", shown(path), ": ", why), std::move(hint));
}

void ArchiveReader::warn(const std::string& what) {
    if (++warnings_ <= max_warnings) monitor_.warn(cat(name_, ": ", what));
    if (warnings_ == max_warnings) monitor_.warn(cat(name_, ": further warnings are left out"));
}

void ArchiveReader::warn_once(const std::string& what) {
    if (warnings_ <= max_warnings && warned_.insert(what).second) warn(what);
}

// Passes ARCHIVE_OK and ARCHIVE_EOF.
void ArchiveReader::check(int result) {
    if (error_) std::rethrow_exception(error_);
    if (result == ARCHIVE_OK || result == ARCHIVE_EOF) return;
    ::archive* const a = handle_->a;
    const char* const raw = ::archive_error_string(a);
    const std::string text = raw != nullptr ? printable(raw) : "truncated or damaged archive";
    const std::string where = members_ == 0 ? std::string() : cat("at member ", shown(path_), ": ");
    fail(Exit::data, cat(name_, ": ", where, text),
         "nothing is published; the previous generation stays the newest");
}

std::uint64_t ArchiveReader::position() const {
    return static_cast<std::uint64_t>(
        std::max<la_int64_t>(::archive_filter_bytes(handle_->a, 0), 0));
}

bool ArchiveReader::next(Member& out) {
    const Charset::Use use(charset_);
    ::archive* const a = handle_->a;
    for (;;) {
        if (started_) check(::archive_read_data_skip(a));
        started_ = true;
        const std::uint64_t before = position();
        ::archive_entry* entry = nullptr;
        const int result = ::archive_read_next_header(a, &entry);
        if (result != ARCHIVE_WARN) check(result);
        if (error_) std::rethrow_exception(error_);
        if (result == ARCHIVE_EOF) {
            check_end(before);
            return false;
        }
        const char* const raw = ::archive_error_string(a);
        const std::string warning =
            result == ARCHIVE_WARN && raw != nullptr && !about_charset(raw) ? raw : "";
        ++members_;
        read_entry({entry}, out);
        if (!warning.empty()) warn(cat("member ", shown(path_), ": ", printable(warning)));
        const bool known =
            out.entry.type == stream::Type::hardlink || type_of(::archive_entry_filetype(entry));
        if (known) return true;
        warn(cat("member ", shown(path_), ": of unknown type, left out"));
    }
}

void ArchiveReader::check_end(std::uint64_t before) {
    if (spool_) return;
    const bool tar =
        (::archive_format(handle_->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
    // Behind the last member there is at least one block of zeros.
    if (tar && position() < before + tar_block_bytes)
        fail(Exit::data, cat(name_, ": the tar archive has no end mark"),
             "whoever wrote it was stopped before it was whole; nothing is published");
    const std::uint64_t end = std::max(position(), piece_end_ - piece_.size());
    bool garbage =
        !all_zero(piece_.last(static_cast<std::size_t>(piece_end_ - std::min(end, piece_end_))));
    for (ByteSpan rest = unpacker_.next(); !rest.empty(); rest = unpacker_.next())
        if (!all_zero(rest)) garbage = true;
    if (garbage) warn_once("bytes behind the end of the archive are left out");
    if (unpacker_.garbage_behind())
        warn_once("bytes behind the end of the compressed data are left out");
}

std::string ArchiveReader::path_of(const char* raw, const char* what) {
    if (raw == nullptr)
        fail(Exit::data, cat(name_, ": member ", members_, ": ", what, " that cannot be read"));
    const std::size_t length = ::strnlen(raw, max_raw_path_bytes + 1);
    std::string_view rest(raw, length);
    if (length > max_raw_path_bytes) bad(rest, cat(what, " longer than the limit"));
    if (rest.starts_with('/')) warn_once("absolute paths are taken without the leading slash");
    std::string out;
    while (!rest.empty()) {
        const auto slash = std::min(rest.find('/'), rest.size());
        const std::string_view name = rest.substr(0, slash);
        rest.remove_prefix(std::min(slash + 1, rest.size()));
        if (name.empty() || name == ".") continue;
        if (!out.empty()) out += '/';
        out += name;
    }
    if (const auto fault = stream::path_fault(out); !fault.empty())
        bad(raw, cat(what, " that ", fault));
    return out;
}

void ArchiveReader::read_entry(const Raw& from, Member& out) {
    path_ = path_of(::archive_entry_pathname(from.e), "a name");
    stream::Entry& e = out.entry;
    e = {};
    e.path = path_;
    out.data_bytes = 0;
    out.has_data = false;
    file_bytes_ = data_end_ = 0;
    data_ended_ = false;
    if (::archive_entry_is_encrypted(from.e) != 0)
        bad(path_, "is encrypted",
            "unpack it where its password is known, and export the directory");

    const unsigned filetype = ::archive_entry_filetype(from.e);
    const la_int64_t size =
        ::archive_entry_size_is_set(from.e) != 0 ? ::archive_entry_size(from.e) : 0;
    if (size < 0 || static_cast<std::uint64_t>(size) > stream::max_file_bytes)
        bad(path_, "a size beyond the limit");
    out.data_bytes = static_cast<std::uint64_t>(size);
    // A cpio writer that numbers nothing makes all directories look like one.
    if (::archive_entry_hardlink(from.e) != nullptr && filetype != AE_IFDIR) {
        e.type = stream::Type::hardlink;
        e.target = path_of(::archive_entry_hardlink(from.e), "a hard link to a name");
        out.has_data = size > 0;
        file_bytes_ = out.data_bytes;
        return;
    }
    const auto type = type_of(filetype);
    if (!type) return;
    e.type = *type;
    e.mode = ::archive_entry_perm(from.e) & 07777;
    const la_int64_t uid = ::archive_entry_uid(from.e), gid = ::archive_entry_gid(from.e);
    if (uid < 0 || uid > UINT32_MAX || gid < 0 || gid > UINT32_MAX)
        bad(path_, "a number of an owner beyond the limit");
    e.uid = static_cast<std::uint64_t>(uid);
    e.gid = static_cast<std::uint64_t>(gid);
    e.user = fitting(::archive_entry_uname(from.e));
    e.group = fitting(::archive_entry_gname(from.e));
    e.mtime = options_.default_time;
    if (::archive_entry_mtime_is_set(from.e) != 0) {
        e.mtime.seconds = ::archive_entry_mtime(from.e);
        e.mtime.nanoseconds = static_cast<std::uint32_t>(::archive_entry_mtime_nsec(from.e));
        const bool tar =
            (::archive_format(handle_->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
        if (tar && e.mtime.seconds < 0 && e.mtime.nanoseconds > 0 && e.mtime.seconds > INT64_MIN) {
            --e.mtime.seconds;
            e.mtime.nanoseconds = 1'000'000'000 - e.mtime.nanoseconds;
        }
    }
    if (e.type == stream::Type::symlink) {
        const char* const target = ::archive_entry_symlink(from.e);
        const std::size_t length =
            target == nullptr ? 0 : ::strnlen(target, stream::max_link_bytes + 1);
        if (length == 0) bad(path_, "a symbolic link without a target");
        if (length > stream::max_link_bytes) bad(path_, "a symbolic link longer than the limit");
        e.target.assign(target, length);
    }
    if (e.type == stream::Type::char_device || e.type == stream::Type::block_device) {
        e.major = static_cast<std::uint32_t>(::archive_entry_rdevmajor(from.e));
        e.minor = static_cast<std::uint32_t>(::archive_entry_rdevminor(from.e));
    }
    if (e.type == stream::Type::file) {
        out.has_data = true;
        file_bytes_ = out.data_bytes;
        if (::archive_entry_sparse_reset(from.e) > 0) {
            la_int64_t offset = 0, length = 0, total = 0;
            while (::archive_entry_sparse_next(from.e, &offset, &length) == ARCHIVE_OK)
                total += std::clamp<la_int64_t>(length, 0, size - total);
            out.data_bytes = static_cast<std::uint64_t>(total);
        }
    }
    read_attributes(from, e);
    read_acl(from, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, e);
    read_acl(from, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, e);
    if ((::archive_entry_acl_types(from.e) & ARCHIVE_ENTRY_ACL_TYPE_NFS4) != 0)
        warn_once("NFSv4 access lists are left out");
    std::sort(e.xattrs.begin(), e.xattrs.end());
}

// libarchive lists them backwards; of two with the same name, the one that stands last counts.
void ArchiveReader::read_attributes(const Raw& from, stream::Entry& out) {
    if (::archive_entry_xattr_reset(from.e) == 0) return;
    const bool encoded =
        (::archive_format(handle_->a) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
    std::unordered_set<std::string> seen;
    std::size_t total = 0;
    const char* raw = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    while (::archive_entry_xattr_next(from.e, &raw, &value, &size) == ARCHIVE_OK) {
        if (::strnlen(raw, 3 * stream::max_xattr_name_bytes + 1) > 3 * stream::max_xattr_name_bytes)
            bad(path_, "a name of an extended attribute longer than the limit");
        std::string name = encoded ? url_decoded(raw) : raw;
        if (name.size() > stream::max_xattr_name_bytes)
            bad(path_, "a name of an extended attribute longer than the limit");
        if (name.empty() || name.find('\0') != std::string::npos)
            bad(path_, "an extended attribute with an illegal name");
        if (!seen.insert(name).second) continue;
        total += name.size() + size;
        if (size > stream::max_xattr_bytes || total > stream::max_entry_xattr_bytes ||
            seen.size() > stream::max_xattrs)
            bad(path_, "extended attributes beyond the limit");
        out.xattrs.push_back({std::move(name), std::string(static_cast<const char*>(value), size)});
    }
}

void ArchiveReader::read_acl(const Raw& from, int type, stream::Entry& out) {
    const bool access = type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
    if (::archive_entry_acl_reset(from.e, type) == 0) return;
    std::vector<AclEntry> entries;
    int entry_type = 0, permissions = 0, tag = 0, id = -1;
    const char* who = nullptr;
    while (::archive_entry_acl_next(from.e, type, &entry_type, &permissions, &tag, &id, &who) ==
           ARCHIVE_OK) {
        const auto kind = acl_tag(tag);
        if (!kind) continue;
        AclEntry e{*kind, no_acl_id, static_cast<std::uint16_t>(permissions & 7)};
        if (*kind == AclEntry::Tag::user || *kind == AclEntry::Tag::group) {
            std::optional<std::uint32_t> number;
            if (id != -1)
                number = static_cast<std::uint32_t>(id);
            else if (who != nullptr)
                number = *kind == AclEntry::Tag::user ? numbers_.user(who) : numbers_.group(who);
            if (!number) {
                warn_once(cat("access lists name ", who == nullptr ? "nobody" : shown(who),
                              ", who has no number here; left out of them"));
                continue;
            }
            e.id = *number;
        }
        entries.push_back(e);
    }
    const std::string_view name = access ? access_acl_name : default_acl_name;
    const auto acl = complete_acl(std::move(entries));
    if (!acl || (!access && out.type != stream::Type::directory)) {
        warn(cat("member ", shown(path_), ": an access list that does not fit, left out"));
        return;
    }
    if (access) {
        const auto mask = std::find_if(acl->begin(), acl->end(), [](const AclEntry& e) {
            return e.tag == AclEntry::Tag::mask;
        });
        if (mask == acl->end()) return; // the mode says it all
        out.mode = (out.mode & ~070U) | std::uint32_t{mask->permissions} << 3;
    }
    std::erase_if(out.xattrs, [&](const stream::Xattr& x) { return x.name == name; });
    out.xattrs.push_back({std::string(name), encode_acl(*acl)});
}

std::optional<ArchiveReader::Block> ArchiveReader::data() {
    const Charset::Use use(charset_);
    while (!data_ended_) {
        const void* at = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int result = ::archive_read_data_block(handle_->a, &at, &size, &offset);
        check(result);
        if (result == ARCHIVE_EOF) {
            data_ended_ = true;
            break;
        }
        if (size == 0) continue;
        if (offset < 0 || static_cast<std::uint64_t>(offset) < data_end_)
            bad(path_, "its parts are out of order");
        const auto start = static_cast<std::uint64_t>(offset);
        if (start > stream::max_file_bytes - size) bad(path_, "a size beyond the limit");
        data_end_ = start + size;
        file_bytes_ = std::max(file_bytes_, data_end_);
        return Block{start, ByteSpan(static_cast<const std::byte*>(at), size)};
    }
    return std::nullopt;
}

} // namespace rs::archive
