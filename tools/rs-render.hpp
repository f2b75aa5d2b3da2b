// SPDX-License-Identifier: Apache-2.0
// The subcommands of rs-render. Each add_ function sets `chosen` to the body of the subcommand that was called.
#pragma once

#include <functional>
#include <memory>

#include "tool/command.hpp"

namespace render_tool {

void add_instance(rs::tool::Command& command, std::function<rs::Exit()>& chosen);
void add_profile(rs::tool::Command& command, std::function<rs::Exit()>& chosen);
void add_schedule(rs::tool::Command& command, std::function<rs::Exit()>& chosen);
void add_template(rs::tool::Command& command, std::function<rs::Exit()>& chosen);

// --stack: the directory of the profiles of the stack.
void add_stack(CLI::App& sub, std::string& stack);

} // namespace render_tool
