// SPDX-License-Identifier: Apache-2.0
// Every system call that changes something on disk, each in one place, so that a fault can be made
// to happen at any of them.
//
// The wrappers behave like the call of their name (-1 and errno), but retry EINTR unless the process was
// asked to stop (interrupt.hpp). The variable
// RS_FAULT=CALL:N:ACTION, read once, makes the Nth call (counted from 1 over the process) of that
// name fail: rs(7), ENVIRONMENT. CALL is one of the names below or "any"; ACTION is an errno name
// (EIO, ENOSPC, EDQUOT, EACCES), "short" (write half of it, then go on) or "kill" (SIGKILL before the call);
// a "+" after N means that call and every later one. It is shipped so that an
// administrator can rehearse a full disk or a crash in an installation of his own.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>

#include "base/bytes.hpp"

namespace rs::io::sys {

int openat(int dir, const char* path, int flags, mode_t mode = 0); // counted if O_CREAT is set
ssize_t write(int fd, ByteSpan bytes);
ssize_t pwrite(int fd, ByteSpan bytes, off_t offset);
int fsync(int fd);
int syncfs(int fd);
int close(int fd); // never retried: on Linux the descriptor is gone also after EINTR
int ftruncate(int fd, off_t size);
int fallocate(int fd, int mode, off_t offset, off_t size);
int renameat2(int from_dir, const char* from, int to_dir, const char* to, unsigned flags);
int linkat(int from_dir, const char* from, int to_dir, const char* to, int flags);
int unlinkat(int dir, const char* path, int flags);
int mkdirat(int dir, const char* path, mode_t mode);
int symlinkat(const char* target, int dir, const char* path);
int mknodat(int dir, const char* path, mode_t mode, dev_t device);

} // namespace rs::io::sys
