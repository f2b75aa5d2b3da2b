// SPDX-License-Identifier: Apache-2.0
// Which variable each name of a template means.
//
// Jinja2 makes a Python function of a template and decides beforehand, for each name and each frame (a loop, a macro, a with,
// a block that is captured), whether the name is a variable of this frame, of one around it, or is looked up in the context
// when the frame is entered. What a template prints depends on it: a set in a loop ends with the pass, one in an if does not,
// and a name that is set further below hides the context's from the inner frames before. So the same is decided here, once
// for each template; while it runs a variable is a number.
#pragma once

#include "template/syntax/ast.hpp"
#include "template/syntax/source.hpp"

namespace rs::tmpl {

// Fills in what ast.hpp leaves to it. Refuses, as Jinja2 does when it compiles: filters and tests that nobody knows (other
// than in what an if decides), assignments to `loop`: Error(Exit::config).
void resolve_names(const Source& source, Template& tree);

} // namespace rs::tmpl
