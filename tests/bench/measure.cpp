// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

#include "files.hpp"

#include <cerrno>
#include <chrono>
#include <map>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

struct Result {
    std::string program;
    int status = 0;
    double user = 0, system = 0; // seconds
    long peak = 0;               // KiB
};

void check(int error, const std::string& what) {
    if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::vector<std::vector<std::string>> split(const std::vector<std::string>& words) {
    std::vector<std::vector<std::string>> commands(1);
    for (const std::string& word : words) {
        if (word == "|")
            commands.emplace_back();
        else
            commands.back().push_back(word);
    }
    for (const auto& command : commands)
        if (command.empty()) throw std::runtime_error("measure: an empty command");
    return commands;
}

// posix_spawn shares memory until exec, so that a child starts with this small program's peak and
// no more.
pid_t start(const std::vector<std::string>& command, int in, int out) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    check(::posix_spawn_file_actions_init(&actions), "spawn");
    check(::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO), "spawn");
    check(::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO), "spawn");
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    check(error, command[0]);
    return pid;
}

} // namespace

void touch(std::uint64_t bytes) {
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) check(errno, "mmap");
    check(::munmap(memory, bytes) == 0 ? 0 : errno, "munmap");
}

void measure(const std::filesystem::path& report, const std::vector<std::string>& words) {
    const auto commands = split(words);
    std::map<pid_t, Result> running;
    std::vector<Result> done;

    const auto begin = std::chrono::steady_clock::now();
    int in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        int ends[2] = {-1, STDOUT_FILENO};
        if (i + 1 < commands.size() && ::pipe2(ends, O_CLOEXEC) != 0) check(errno, "pipe");
        running[start(commands[i], in, ends[1])].program = commands[i][0];
        ::close(in);
        if (ends[1] != STDOUT_FILENO) ::close(ends[1]);
        in = ends[0];
    }
    while (!running.empty()) {
        int status = 0;
        rusage usage{};
        const pid_t pid = ::wait4(-1, &status, 0, &usage);
        if (pid < 0 && errno != EINTR) check(errno, "wait4");
        const auto found = running.find(pid);
        if (found == running.end()) continue;
        Result result = found->second;
        running.erase(found);
        result.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        result.user = seconds(usage.ru_utime);
        result.system = seconds(usage.ru_stime);
        result.peak = usage.ru_maxrss;
        done.push_back(result);
    }
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;

    std::ostringstream json;
    json.precision(9);
    json << "{\"wall\": " << wall.count() << ", \"processes\": [";
    for (std::size_t i = 0; i < done.size(); ++i)
        json << (i > 0 ? ", " : "") << "{\"program\": \""
             << std::filesystem::path(done[i].program).filename().string()
             << "\", \"status\": " << done[i].status << ", \"user\": " << done[i].user
             << ", \"sys\": " << done[i].system << ", \"peak_kib\": " << done[i].peak << "}";
    json << "]}\n";
    Fd file(report, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(json.str());
    file.close();
}

} // namespace bench
