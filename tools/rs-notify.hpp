// SPDX-License-Identifier: Apache-2.0
// The subcommands of rs-notify, in four files. Each add_ function sets `chosen` to the body of the subcommand that was called.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tool/command.hpp"

namespace notify_tool {

void add_run(rs::tool::Command& command, std::function<rs::Exit()>& chosen);
void add_send(rs::tool::Command& command, std::function<rs::Exit()>& chosen);
void add_queue(rs::tool::Command& command, std::function<rs::Exit()>& chosen); // accept work queue
void add_feed(rs::tool::Command& command, std::function<rs::Exit()>& chosen);

// A duration as people write it: 90, 90s, 5m, 2h, 1d.
[[nodiscard]] std::chrono::seconds seconds_of(const std::string& text, const char* option);

// Options live as long as the command.
template <class Options>
std::shared_ptr<Options> add(rs::tool::Command& command, std::function<rs::Exit()>& chosen, const char* name,
                             const char* description, CLI::App*& sub, rs::Exit (*body)(rs::tool::Command&, const Options&)) {
    auto options = std::make_shared<Options>();
    sub = command.app().add_subcommand(name, description);
    sub->callback([&command, &chosen, options, body] { chosen = [&command, options, body] { return body(command, *options); }; });
    return options;
}

// Lines behind a time and who has said them, appended to a file, or on standard error. A log that cannot be written is told
// once, and stops no work.
class Log {
public:
    Log(rs::tool::Command& command, std::string path) : command_(command), path_(std::move(path)) {}
    void add(const std::string& who, std::string_view line);

private:
    rs::tool::Command& command_;
    std::string path_; // empty: standard error
    bool told_ = false;
};

} // namespace notify_tool
