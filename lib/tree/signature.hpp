// SPDX-License-Identifier: Apache-2.0
// What `sha256sum -c` reads: the SHA-256 of each file of a tree.
//
// A line is the digest in hex, two spaces and "./path"; a name with newline, carriage return or backslash begins its
// line with a backslash and is escaped, as coreutils do it. Files are in walk order; hard links have a line for each name.
#pragma once

#include "base/monitor.hpp"
#include "io/stream.hpp"
#include "tree/target.hpp"
#include "tree/walk.hpp"

namespace rs::tree {

// Of a tree that was imported, from its manifest: nothing is read. Files without a SHA-256 are Error(Exit::data), a tree
// that we did not import is Error(Exit::no_input).
void write_signature(const Target& target, io::Sink& sink);

// Of any tree: every file is read, on `threads` threads, each with a buffer of 1 MiB. A name that goes away meanwhile is
// Error(Exit::warned). Memory: a few hundred bytes for each file with several names.
void sign_tree(const io::Dir& root, const WalkOptions& options, unsigned threads, io::Sink& sink, Monitor& monitor);

} // namespace rs::tree
