// SPDX-License-Identifier: Apache-2.0
// Whether a body reads a name that it has not set before, in the order in which Jinja2 looks: a macro takes `caller`, `kwargs` and
// `varargs`, and a loop has `loop`, only then.
#pragma once

#include <string_view>

#include "template/syntax/ast.hpp"

namespace rs::tmpl {

[[nodiscard]] bool reads(const Body& body, std::string_view name);

} // namespace rs::tmpl
