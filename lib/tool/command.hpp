// SPDX-License-Identifier: Apache-2.0
// What every tool has in common: options, signals, messages, exit codes.
//
// A tool is a function that fills a CLI::App and gives an Exit. run() maps whatever goes wrong to one
// message on stderr and one code of rs(7); with --json the last line on stdout is the result.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.hpp"
#include "tool/console.hpp"

namespace rs::tool {

class Command {
public:
    // description: one line for --help. Adds -v, -q, --json, --version.
    Command(std::string name, const std::string& description);

    [[nodiscard]] CLI::App& app() { return app_; }
    // The lines after "Usage: ", where CLI11's own would not do.
    void usage(std::string lines);
    [[nodiscard]] Console& console() { return console_; }
    [[nodiscard]] bool json() const { return json_; }
    // Where results go: standard output, but standard error when that carries a stream.
    void stream_on_stdout() { result_to_stderr_ = true; }

    // The result as it is shown with --json; run() adds "exit" and prints it, also after an error.
    nlohmann::json& result() { return result_; }
    // A line of the product, printed at once: text without --json, an object with it.
    void line(const std::string& text, const std::function<nlohmann::json()>& object);

    // Parses, calls body, reports. Gives the process's exit status.
    [[nodiscard]] int run(int argc, char** argv, const std::function<Exit()>& body);

private:
    [[nodiscard]] int finish(Exit code);
    [[nodiscard]] std::string unknown_subcommand(int argc, char** argv) const;

    std::string name_;
    CLI::App app_;
    Console console_;
    bool json_ = false, quiet_ = false, result_to_stderr_ = false;
    int verbose_ = 0;
    nlohmann::json result_ = nlohmann::json::object();
};

// Bytes as a JSON string. Those that are not UTF-8 appear as U+FFFD; add_path() keeps them exactly.
[[nodiscard]] std::string json_text(std::string_view bytes);
// object[key] = path, and object[key + "_hex"] where the path is not UTF-8.
void add_path(nlohmann::json& object, const std::string& key, std::string_view path);

// Refuses to write a stream to a terminal.
void require_pipe(int fd, std::string_view what);

} // namespace rs::tool
