// SPDX-License-Identifier: Apache-2.0
// The subcommands of rs-store, in three files. Each add_ function sets `chosen` to the body of the subcommand that was
// called.
#pragma once

#include <functional>
#include <memory>

#include "store/generation.hpp"
#include "tool/command.hpp"

namespace store_tool {

void add_basic(rs::tool::Command& command, std::function<rs::Exit()>& chosen);   // init list show stats prove
void add_content(rs::tool::Command& command, std::function<rs::Exit()>& chosen); // diff cat
void add_care(rs::tool::Command& command, std::function<rs::Exit()>& chosen);    // check repair prune copy

// A subcommand that takes STORE first; options live as long as the command.
template <class Options>
std::shared_ptr<Options> add(rs::tool::Command& command, std::function<rs::Exit()>& chosen, const char* name,
                             const char* description, CLI::App*& sub,
                             rs::Exit (*body)(rs::tool::Command&, const Options&)) {
    auto options = std::make_shared<Options>();
    sub = command.app().add_subcommand(name, description);
    sub->add_option("STORE", options->store, "the store")->required();
    sub->callback([&command, &chosen, options, body] {
        chosen = [&command, options, body] { return body(command, *options); };
    });
    return options;
}

} // namespace store_tool
