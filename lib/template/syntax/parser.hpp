// SPDX-License-Identifier: Apache-2.0
// The grammar of Jinja2 3.1, with the tags do, break and continue of its extensions.
#pragma once

#include "template/syntax/ast.hpp"
#include "template/syntax/source.hpp"

namespace rs::tmpl {

// With what its names mean. What the grammar does not have, or this program does not (extends, trans...): Error(Exit::config) with its place.
[[nodiscard]] Template parse(const Source& source);

} // namespace rs::tmpl
