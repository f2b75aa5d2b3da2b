// SPDX-License-Identifier: Apache-2.0
#include "tool/command.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"

namespace rs::tool {

namespace {
class Formatter final : public CLI::Formatter {
public:
    std::string usage; // instead of what CLI11 makes up, if not empty
    std::string make_usage(const CLI::App* app, std::string name) const override {
        return usage.empty() || app->get_parent() != nullptr ? CLI::Formatter::make_usage(app, name)
                                                             : cat("Usage: ", usage, "\n");
    }
};
} // namespace

void Command::usage(std::string lines) {
    const auto formatter = std::make_shared<Formatter>();
    formatter->column_width(30);
    formatter->usage = std::move(lines);
    app_.formatter(formatter);
}

Command::Command(std::string name, const std::string& description)
    : name_(std::move(name)), app_(description, name_), console_(name_) {
    app_.set_version_flag("--version", cat(name_, " " RS_VERSION));
    app_.add_flag("-v,--verbose", verbose_, "say more on standard error");
    app_.add_flag("-q,--quiet", quiet_, "no progress, only warnings and errors");
    app_.add_flag("--json", json_, "results as JSON, one object a line");
    app_.get_formatter()->column_width(30);
}

void Command::line(const std::string& text, const std::function<nlohmann::json()>& object) {
    console_.clear();
    std::FILE* const to = result_to_stderr_ ? stderr : stdout;
    const std::string shown = json_ ? object().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) : text;
    std::fprintf(to, "%s\n", shown.c_str());
}

int Command::finish(Exit code) {
    console_.clear();
    if (json_) {
        result_["exit"] = static_cast<int>(code);
        std::FILE* const to = result_to_stderr_ ? stderr : stdout;
        std::fprintf(to, "%s\n",
                     result_.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    }
    // A result that could not be written is no result.
    if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && code == Exit::ok) {
        if (errno != EPIPE) console_.error("standard output: cannot write", "");
        code = Exit::io;
    }
    return static_cast<int>(code);
}

// CLI11 would only say that a subcommand is required.
std::string Command::unknown_subcommand(int argc, char** argv) const {
    if (app_.get_require_subcommand_min() == 0 || argc < 2 || *argv[1] == '-') return {};
    for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; }))
        if (sub->get_name() == argv[1]) return {};
    return argv[1];
}

int Command::run(int argc, char** argv, const std::function<Exit()>& body) {
    install_signals();
    // A deep tree keeps a descriptor open for each level.
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }
    const auto fail_with = [&](const Error& e) {
        console_.error(e.what(), e.hint());
        result_["error"] = json_text(e.what());
        if (!e.hint().empty()) result_["hint"] = json_text(e.hint());
        return finish(e.code());
    };
    try {
        if (const std::string wrong = unknown_subcommand(argc, argv); !wrong.empty())
            fail(Exit::usage, cat("'", printable(wrong), "': no such command"), cat("see '", name_, " --help'"));
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& e) {
            if (e.get_exit_code() == 0) { // --help, --version
                app_.exit(e, std::cout, std::cerr);
                std::cout.flush();
                return std::cout ? 0 : static_cast<int>(Exit::io);
            }
            console_.error(e.what(), cat("see '", name_, " --help'"));
            return static_cast<int>(Exit::usage);
        }
        console_.set(verbose_, quiet_);
        Exit code = body();
        if (code == Exit::ok && console_.warnings() > 0) code = Exit::warned;
        return finish(code);
    } catch (const PipeClosed& e) {
        return static_cast<int>(e.code()); // the neighbour has told why
    } catch (const Interrupted& e) {
        console_.clear();
        // The parent sees that a signal ended us, as if we had not caught it.
        ::signal(e.signal(), SIG_DFL);
        ::raise(e.signal());
        return 128 + e.signal();
    } catch (const Error& e) {
        if (const int number = pending_signal(); number != 0) {
            ::signal(number, SIG_DFL);
            ::raise(number);
        }
        return fail_with(e);
    } catch (const std::bad_alloc&) {
        return fail_with(Error(Exit::io, "out of memory", "nothing was published; give the process more"));
    } catch (const std::exception& e) {
        return fail_with(Error(Exit::software, cat("internal error: ", e.what()), "please report it"));
    }
}

std::string json_text(std::string_view bytes) {
    // nlohmann replaces what is not UTF-8 when it writes; here it is done once, so that values compare equal.
    if (valid_utf8(bytes)) return std::string(bytes);
    const nlohmann::json raw = std::string(bytes);
    return nlohmann::json::parse(raw.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)).get<std::string>();
}

void add_path(nlohmann::json& object, const std::string& key, std::string_view path) {
    object[key] = json_text(path);
    if (!valid_utf8(path)) object[key + "_hex"] = to_hex(path);
}

void require_pipe(int fd, std::string_view what) {
    if (::isatty(fd) == 0) return;
    fail(Exit::usage, cat(what, " would go to the terminal"), "redirect it to a file or a pipe");
}

} // namespace rs::tool
