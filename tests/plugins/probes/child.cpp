// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/child.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace ferrule::probes_test {

namespace {

constexpr unsigned first_inherited = 3;

/// In the child, where only calls that are safe after a fork may be made: all memory was prepared before.
[[noreturn]] void become(char* const* command, char* const* environment, const std::vector<int>& inherited, int output,
                         int ending) {
    ::prctl(PR_SET_PDEATHSIG, ending);
    std::array<int, 16> high{};
    for (std::size_t i = 0; i < inherited.size(); ++i) { // out of the way of their final numbers
        high.at(i) = ::fcntl(inherited[i], F_DUPFD, 64);
    }
    ::dup2(output, 1);
    ::dup2(output, 2);
    for (std::size_t i = 0; i < inherited.size(); ++i) {
        ::dup2(high.at(i), static_cast<int>(first_inherited + i));
    }
    ::close_range(first_inherited + static_cast<unsigned>(inherited.size()), ~0u, 0);
    ::execve(command[0], command, environment);
    ::_exit(127);
}

} // namespace

child::child(std::vector<std::string> command, int ending, const std::vector<int>& inherited,
             const std::vector<std::string>& environment)
    : ending_(ending) {
    std::vector<char*> words;
    for (auto& each : command) {
        words.push_back(each.data());
    }
    words.push_back(nullptr);
    auto added = environment;
    std::vector<char*> around;
    for (auto& each : added) {
        around.push_back(each.data());
    }
    for (char** each = environ; *each != nullptr; ++each) {
        around.push_back(*each);
    }
    around.push_back(nullptr);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("no pipe");
    }
    output_ = ends[0];
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // until it is another program, which has no handlers of ours
    process_ = ::fork();
    if (process_ == 0) {
        std::signal(ending, SIG_DFL);
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        become(words.data(), around.data(), inherited, ends[1], ending);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::close(ends[1]);
}

child::~child() {
    if (process_ > 0) {
        ::kill(process_, ending_);
        ::waitpid(process_, nullptr, 0);
    }
    ::close(output_);
}

void child::wait_for(const std::string& text) {
    std::string said;
    char c = 0;
    while (said.find(text) == std::string::npos) {
        if (::read(output_, &c, 1) != 1) {
            throw std::runtime_error("the server did not start: " + said);
        }
        said += c;
    }
}

} // namespace ferrule::probes_test
