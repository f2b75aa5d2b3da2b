// SPDX-License-Identifier: Apache-2.0
// rs-slaparse(1): where the requests of a replicated service go, from the parameters of its instance.
#include <unistd.h>

#include <set>

#include "base/shell.hpp"
#include "base/text.hpp"
#include "io/file.hpp"
#include "sla/notation.hpp"
#include "sla/placement.hpp"
#include "tool/command.hpp"

using namespace rs;

int slaparse_main(int argc, char** argv);

namespace {

struct Options {
    std::string file = "-", from, name, id, all, prefix;
    bool rest = false, cfg = false, strict = false;
};

sla::Parameters read(const Options& o) {
    const bool standard = o.file == "-";
    if (standard && ::isatty(STDIN_FILENO) != 0)
        fail(Exit::usage, "standard input is the terminal, not parameters", "give a file, or see 'rs-slaparse --help'");
    const std::string name = standard ? "standard input" : o.file;
    const io::Fd file = standard ? io::Fd() : io::open_file(o.file);
    // One byte more than is allowed, so that what is too large is seen to be.
    const int fd = standard ? STDIN_FILENO : file.get();
    std::string bytes(sla::max_parameter_bytes + 1, '\0');
    bytes.resize(io::read_full(fd, std::as_writable_bytes(std::span(bytes)), name));
    return sla::read_parameters(bytes, o.from.empty() ? std::nullopt : sla::parse_format(o.from), printable(name));
}

std::uint64_t number_of(const std::string& text, std::string_view what) {
    const auto value = parse_u64(text);
    if (!value || cat(*value) != text) fail(Exit::usage, cat(what, " ", printable(text), ": not a number"));
    return *value;
}

// Lines KEY=VALUE, or KEY = VALUE for a profile, each behind `before`.
std::string lines_of(const Options& o, const std::string& before, const std::map<std::string, std::string>& values,
                     std::string_view cfg_prefix) {
    std::set<std::string> names;
    std::string out;
    for (const auto& [key, value] : values) {
        if (o.cfg) {
            out += cat(sla::cfg_line(cat(cfg_prefix, key), value), "\n");
            continue;
        }
        const std::string name = sla::shell_name(key, o.prefix);
        if (!names.insert(name).second)
            fail(Exit::config, cat("two parameters would become the variable ", name), "with --json they are kept apart");
        out += cat(before, name, "=", shell_quote(value), "\n");
    }
    return out;
}

// All at once, when nothing can fail any more: half of an answer would be evaluated like a whole one.
void print(tool::Command& command, std::string lines) {
    if (lines.empty()) return;
    lines.pop_back();
    command.line(lines, [] { return nlohmann::json(); });
}

nlohmann::json object_of(const std::map<std::string, std::string>& values) {
    nlohmann::json out = nlohmann::json::object();
    for (const auto& [key, value] : values) out[key] = value;
    return out;
}

std::string text_of(const nlohmann::json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Exit run_rest(tool::Command& command, const Options& o, const sla::Parameters& parameters) {
    nlohmann::json& out = command.result()["parameters"] = nlohmann::json::object();
    nlohmann::json& placement = command.result()["placement"] = nlohmann::json::object();
    for (const sla::Parameter& p : parameters)
        if (sla::is_placement(p.id)) placement[p.id] = text_of(p.value);
    std::map<std::string, std::string> values;
    for (const sla::Parameter& p : sla::without_placement(parameters)) {
        out[p.id] = p.value;
        values[p.id] = text_of(p.value);
    }
    if (!command.json()) print(command, lines_of(o, "", values, "config-"));
    return Exit::ok;
}

// Says which parameters are for nobody. Gives the status for --strict.
Exit complain(tool::Command& command, const Options& o, const std::vector<std::string>& ids, std::string_view who) {
    nlohmann::json& j = command.result()["unknown"] = nlohmann::json::array();
    for (const std::string& id : ids) {
        j.push_back(id);
        const std::string what = cat("parameter ", printable(id), ": ", who);
        if (o.strict)
            command.console().warn(what);
        else
            command.console().note(what);
    }
    return o.strict && !ids.empty() ? Exit::warned : Exit::ok;
}

Exit run_one(tool::Command& command, const Options& o, const sla::Parameters& parameters) {
    sla::Request request;
    if (!sla::split_name(o.name, number_of(o.id, "--id"), request))
        fail(Exit::usage, cat("--name ", printable(o.name), ": does not end with the id ", o.id),
             "the name of a request is its base and its id, such as runner1");
    const auto values = sla::placement_of(parameters, request);
    command.result()["name"] = request.name();
    command.result()["sla"] = object_of(values);
    if (!command.json()) print(command, lines_of(o, "", values, "sla-"));
    return complain(command, o, sla::unknown(parameters, request.base), "its magic key is of no request");
}

Exit run_all(tool::Command& command, const Options& o, const sla::Parameters& parameters) {
    const std::size_t colon = o.all.rfind(':');
    if (colon == std::string::npos || colon == 0)
        fail(Exit::usage, cat("--all ", printable(o.all), ": not BASE:COUNT"), "for example runner:3");
    const std::string base = o.all.substr(0, colon);
    const std::uint64_t count = number_of(o.all.substr(colon + 1), "--all: count");
    if (count < 1 || count > 1000) fail(Exit::usage, cat("--all: count ", count, ": not between 1 and 1000"));
    if (base == "pbs")
        fail(Exit::usage, "--all pbs: the backup servers have that name", "their parameters could not be told from those of the service");
    const std::vector<sla::Request> requests = sla::requests_of(base, count);
    nlohmann::json& j = command.result()["requests"] = nlohmann::json::object();
    std::string lines;
    for (const sla::Request& r : requests) {
        const auto values = sla::placement_of(parameters, r);
        j[r.name()] = object_of(values);
        if (command.json()) continue;
        if (o.cfg) lines += cat("[", r.name(), "]\n");
        lines += lines_of(o, cat(r.name(), " "), values, "sla-");
    }
    print(command, std::move(lines));
    return complain(command, o, sla::unused(parameters, requests), cat("is for none of the requests of ", printable(o.all)));
}

Exit run(tool::Command& command, const Options& o) {
    if (!o.rest && o.all.empty() && o.name.empty())
        fail(Exit::usage, "one of --name, --all and --rest is needed", "see 'rs-slaparse --help'");
    if (!o.prefix.empty() && o.prefix.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != std::string::npos)
        fail(Exit::usage, cat("--prefix ", printable(o.prefix), ": cannot begin the name of a variable"));
    const sla::Parameters parameters = read(o);
    if (o.rest) return run_rest(command, o, parameters);
    return o.all.empty() ? run_one(command, o, parameters) : run_all(command, o, parameters);
}

} // namespace

int slaparse_main(int argc, char** argv) {
    tool::Command command("rs-slaparse", "Tell from the parameters of an instance where a request of it goes.");
    Options o;
    CLI::App& app = command.app();
    command.usage("rs-slaparse --name NAME --id ID [OPTIONS] [FILE]\n"
              "       rs-slaparse --all BASE:COUNT [OPTIONS] [FILE]\n"
              "       rs-slaparse --rest [OPTIONS] [FILE]");
    auto* const name = app.add_option("--name", o.name, "the request: its base name and id")->type_name("NAME");
    auto* const id = app.add_option("--id", o.id, "its id")->type_name("ID");
    auto* const all = app.add_option("--all", o.all, "every request of a service of COUNT instances")->type_name("BASE:COUNT");
    auto* const rest = app.add_flag("--rest", o.rest, "the parameters that are left for the instance");
    name->needs(id);
    id->needs(name);
    all->excludes(name)->excludes(rest);
    rest->excludes(name);
    app.add_option("--from", o.from, "what the input is: xml, json, text")->check(CLI::IsMember({"xml", "json", "text"}))->type_name("FORMAT");
    auto* const cfg = app.add_flag("--cfg", o.cfg, "lines for a section of a profile");
    app.add_option("--prefix", o.prefix, "in front of each variable")->type_name("WORD")->excludes(cfg);
    app.add_flag("--strict", o.strict, "exit 1 if a parameter is for no request");
    app.add_option("FILE", o.file, "the parameters; - is standard input")->type_name("");
    return command.run(argc, argv, [&] { return run(command, o); });
}
