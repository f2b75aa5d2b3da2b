// SPDX-License-Identifier: Apache-2.0
#include "instance/batch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/error.hpp"
#include "io/sys.hpp"

namespace rs::instance {

Batch::~Batch() {
    for (const File& file : files_)
        if (!file.temporary.empty()) ::unlinkat(file.dir.get(), file.temporary.c_str(), 0);
}

void Batch::add(io::Dir dir, const std::string& name, ByteSpan content, mode_t mode) {
    File file{std::move(dir), name, io::random_name(temporary_mark), {}};
    const std::string shown = file.dir.name_of(name);
    file.fd = io::Fd(io::sys::openat(file.dir.get(), file.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0700));
    if (!file.fd) fail_errno(Exit::cant_create, shown, "create");
    File& added = files_.emplace_back(std::move(file));
    io::write_all(added.fd.get(), content, shown);
    if (::fchmod(added.fd.get(), mode) != 0) fail_errno(Exit::cant_create, shown, "set the mode of");
}

void Batch::commit() {
    // All are on their way before the first is waited for.
    for (const File& file : files_) ::sync_file_range(file.fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    for (File& file : files_) io::sync_fd(file.fd.get(), file.dir.name_of(file.name));
    std::set<std::string> synced;
    for (File& file : files_) {
        io::close_checked(std::move(file.fd), file.dir.name_of(file.name));
        io::rename_at(file.dir, file.temporary, file.dir, file.name);
        file.temporary.clear();
    }
    for (const File& file : files_)
        if (synced.insert(file.dir.path).second) io::sync_dir(file.dir);
    files_.clear();
}

} // namespace rs::instance
