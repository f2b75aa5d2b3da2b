// SPDX-License-Identifier: Apache-2.0
// rs-notify(1): run, tell, hear, work.
#include "rs-notify.hpp"

#include <fcntl.h>

#include "base/text.hpp"
#include "base/time.hpp"
#include "io/file.hpp"

using namespace rs;

int notify_main(int argc, char** argv);

namespace notify_tool {

std::chrono::seconds seconds_of(const std::string& text, const char* option) {
    const auto seconds = parse_seconds(text);
    if (!seconds || *seconds > 10ULL * 366 * 86'400)
        fail(Exit::usage, cat(option, " ", printable(text), ": not a duration"), "for example 90, 5m, 2h or 1d");
    return std::chrono::seconds(*seconds);
}

void Log::add(const std::string& who, std::string_view line) {
    const std::string text = cat(format_utc(now_utc()), " ", who, ": ", printable_line(line), "\n");
    if (path_.empty()) {
        std::fputs(text.c_str(), stderr);
        return;
    }
    try {
        // Opened for each line: the file may be rotated at any time.
        const io::Fd fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
        if (!fd) fail_errno(Exit::cant_create, path_, "open the log");
        io::write_all(fd.get(), as_bytes(text), path_);
    } catch (const Error& e) {
        if (!told_) command_.console().warn(e.what());
        told_ = true;
    }
}

} // namespace notify_tool

int notify_main(int argc, char** argv) {
    tool::Command command("rs-notify", "Run a program and tell others; hear of it, and do what follows.");
    CLI::App& app = command.app();
    app.require_subcommand(1);
    app.fallthrough(); // common options may stand behind the subcommand; set before those are made
    std::function<Exit()> chosen;
    notify_tool::add_run(command, chosen);
    notify_tool::add_send(command, chosen);
    notify_tool::add_queue(command, chosen);
    notify_tool::add_feed(command, chosen);
    return command.run(argc, argv, [&] { return chosen(); });
}
