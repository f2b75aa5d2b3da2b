// SPDX-License-Identifier: Apache-2.0
// Roots of trees that their owner may not write, moved all the same.
//
// A directory that changes its parent has its ".." rewritten, and Linux asks for write permission in it
// (rename(2), EACCES). So the roots are made writable for the moment of the exchange. Their modes are noted
// in the state directory before: killed in between, the next import gives them back.
#pragma once

#include <span>
#include <string>

#include "io/file.hpp"

namespace rs::tree {

struct Place {
    const io::Dir* dir;
    std::string name; // of a directory in *dir, which need not be there
};

// Notes the modes of those directories that lack u+w, durably, and gives them u+rwx.
void make_movable(const io::Dir& state, std::span<const Place> places);

// The noted modes go back to the directories that had them, wherever of `places` they are now, and the note
// goes. Nothing if there is no note.
void restore_modes(const io::Dir& state, std::span<const Place> places);

} // namespace rs::tree
