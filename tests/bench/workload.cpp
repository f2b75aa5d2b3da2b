// SPDX-License-Identifier: Apache-2.0
// bench-workload: options to calls. The workloads are in dump.cpp, tree.cpp and image.cpp.
#include "workload.hpp"

#include <charconv>
#include <exception>
#include <iostream>
#include <map>
#include <stdexcept>

namespace {

constexpr std::string_view usage =
    "usage: bench-workload dump FILE --bytes SIZE [--seed N] [--round R]\n"
    "       bench-workload tree DIR --files COUNT [--seed N] [--round R]\n"
    "       bench-workload image FILE --bytes SIZE [--seed N] [--round R]\n"
    "       bench-workload touch --bytes SIZE\n"
    "       bench-workload measure REPORT COMMAND ARGUMENT... ['|' COMMAND ARGUMENT...]...\n"
    "\n"
    "Makes the data that the benchmark backs up, the same for the same options.\n"
    "A dump is written whole in every round. A tree or an image that is there already must be\n"
    "at round R - 1 and is changed in place; one that is not is made and taken to round R.\n"
    "SIZE and COUNT may end in K, M, G (powers of 1024) or KB, MB, GB (powers of 1000).\n"
    "touch fills that much memory and gives it back.\n"
    "measure runs a pipeline and writes its wall time, CPU time and peak memory as JSON.\n";

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::uint64_t parse_number(const std::string& text) {
    static const std::map<std::string_view, std::uint64_t> units = {
        {"", 1},       {"K", 1 << 10},    {"M", 1 << 20},       {"G", 1 << 30},
        {"KB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};
    std::uint64_t value = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    const auto unit = units.find(std::string_view(end, static_cast<std::size_t>(last - end)));
    if (error != std::errc() || unit == units.end()) throw UsageError("not a number: " + text);
    return value * unit->second;
}

void run(const std::vector<std::string>& arguments) {
    if (arguments.size() < 2) throw UsageError("too few arguments");
    const std::string& what = arguments[0];
    if (what == "measure")
        return bench::measure(arguments[1], {arguments.begin() + 2, arguments.end()});

    std::map<std::string, std::uint64_t> options = {
        {"--bytes", 0}, {"--files", 0}, {"--seed", 1}, {"--round", 0}};
    for (std::size_t i = what == "touch" ? 1 : 2; i < arguments.size(); i += 2) {
        if (!options.contains(arguments[i]) || i + 1 == arguments.size())
            throw UsageError("unknown or without a value: " + arguments[i]);
        options[arguments[i]] = parse_number(arguments[i + 1]);
    }
    const std::uint64_t size = options[what == "tree" ? "--files" : "--bytes"];
    const std::uint64_t seed = options["--seed"];
    const auto round = static_cast<unsigned>(options["--round"]);
    if (size == 0) throw UsageError("--bytes or --files is missing");
    if (what == "touch")
        bench::touch(size);
    else if (what == "dump")
        bench::write_dump(arguments[1], size, seed, round);
    else if (what == "tree")
        bench::write_tree(arguments[1], size, seed, round);
    else if (what == "image")
        bench::write_image(arguments[1], size, seed, round);
    else
        throw UsageError("unknown workload: " + what);
}

} // namespace

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        if (arguments.size() == 1 && arguments[0] == "--help") {
            std::cout << usage;
            return 0;
        }
        run(arguments);
        return 0;
    } catch (const UsageError& error) {
        std::cerr << "bench-workload: error: " << error.what() << '\n' << usage;
        return 64;
    } catch (const std::exception& error) {
        std::cerr << "bench-workload: error: " << error.what() << '\n';
        return 74;
    }
}
