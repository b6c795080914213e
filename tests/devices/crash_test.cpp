// kill -9 at any moment: every job that was accepted is found again, ends, and is never silently repeated.
#include "devices/engine_rig.hpp"
#include "devices/ledger_file.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <array>
#include <csignal>
#include <map>
#include <random>

using namespace ferrule;
using test::engine_rig;

namespace {

constexpr int device_count = 6;
constexpr int rounds = 8;

std::string device_name(int number) {
    return "d" + std::to_string(number);
}

/// Runs the child until it has said so many lines, kills it, and gives all that it said.
std::vector<std::string> accept_until_killed(const std::filesystem::path& data, int round, std::size_t enough) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    const auto number = std::to_string(round);
    const auto folder = data.string();
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::dup2(pipe[1], STDOUT_FILENO);
        ::execl(FERRULE_CRASH_CHILD, "crash_child", folder.c_str(), number.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(pipe[1]);
    std::vector<std::string> lines;
    std::string rest;
    std::array<char, 4096> buffer{};
    bool killed = false;
    for (;;) {
        const auto size = ::read(pipe[0], buffer.data(), buffer.size());
        if (size <= 0)
            break;
        rest.append(buffer.data(), static_cast<std::size_t>(size));
        for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
            if (const auto line = rest.substr(0, end); line.find(" info ") == std::string::npos)
                lines.push_back(line);
            rest.erase(0, end + 1);
        }
        if (!killed && lines.size() >= enough)
            killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(killed);
    REQUIRE(WIFSIGNALED(status));
    return lines;
}

} // namespace

TEST_CASE("after kill -9 every accepted job ends: what reads is run, a change that ran is unknown and never repeated") {
    const test::scratch_folder scratch;
    {
        engine_rig rig({scratch.path()});
        for (int d = 0; d < device_count; ++d)
            rig.add_device(device_name(d), "ledger",
                           {{"path", (scratch.path() / device_name(d)).string()}, {"pause_ms", 1}});
    }
    std::mt19937 random(Catch::rngSeed());
    std::map<std::string, std::string> accepted; // id → command, in the order of acceptance
    for (int round = 0; round < rounds; ++round) {
        const auto enough = std::uniform_int_distribution<std::size_t>(1, 400)(random);
        for (const auto& line : accept_until_killed(scratch.path(), round, enough)) {
            INFO(line);
            REQUIRE(line.size() > 37);
            accepted.emplace(line.substr(0, 36), line.substr(37));
        }
    }
    engine_rig rig({scratch.path()});
    std::map<std::string, model::job_state> ends; // command → how it ended
    for (const auto& [id, command] : accepted) {
        const auto last = rig.finished(id);
        INFO(command << " is " << model::to_text(last->state));
        REQUIRE(last->request.commands.at(0).text == command);
        if (last->request.change) {
            CHECK((last->state == model::job_state::succeeded || last->state == model::job_state::unknown));
        } else {
            CHECK(last->state == model::job_state::succeeded);
            CHECK(last->results.at(0).output == "done " + command + "\n");
        }
        ends.emplace(command, last->state);
    }
    // What the devices saw.
    for (int d = 0; d < device_count; ++d) {
        std::map<std::string, std::size_t> times;
        std::vector<std::string> first_seen;
        for (const auto& line : test::lines_of(scratch.path() / device_name(d)))
            if (times[line]++ == 0)
                first_seen.push_back(line);
        std::vector<std::string> expected;
        for (const auto& [id, command] : accepted) {
            if (!command.starts_with(device_name(d) + " "))
                continue;
            const bool change = command.ends_with("change");
            const auto seen = times.contains(command) ? times[command] : 0;
            INFO(command << " was seen " << seen << " times and is " << model::to_text(ends[command]));
            if (ends[command] == model::job_state::succeeded)
                CHECK(seen >= 1);
            if (change)
                CHECK(seen <= 1);
            if (seen > 0)
                expected.push_back(command);
        }
        // The child may have been killed between the acceptance of a job and the line that says so.
        std::erase_if(first_seen, [&ends](const auto& each) { return !ends.contains(each); });
        CHECK(first_seen == expected);
    }
}
