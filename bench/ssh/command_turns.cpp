// command_turns: what a command costs through Ferrule and over libssh alone, one of each in turn.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <poll.h>

#include "http_load/client.hpp"
#include "samples.hpp"
#include "ssh/bare_session.hpp"

namespace {

using namespace ferrule::bench;

std::string first_line(const char* file) {
    std::ifstream from(file);
    std::string line;
    if (!std::getline(from, line))
        throw std::runtime_error(std::string("cannot read ") + file);
    return line;
}

std::string job_request(const std::string& token, const std::string& device, const std::string& command) {
    const auto body = R"({"device":")" + device + R"(","commands":[")" + command + R"("],"strategy":"pinned"})";
    return "POST /api/v1/jobs?wait=10s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + token +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void run_job(client& on, const std::string& request) {
    on.send(request);
    pollfd readable{on.descriptor(), POLLIN, 0};
    do
        if (::poll(&readable, 1, 10'000) != 1)
            throw std::runtime_error("no answer to a job");
    while (!on.receive());
    if (on.answer().find(R"("state":"succeeded")") == std::string_view::npos)
        throw std::runtime_error("a job did not succeed: " + std::string(on.answer()));
}

template <class What>
void take_time(std::vector<double>& into, What what) {
    const auto began = ticks::now();
    what();
    into.push_back(std::chrono::duration<double, std::milli>(ticks::now() - began).count());
}

void measure(char** argv) {
    login to;
    to.host = argv[1];
    to.port = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
    to.user = argv[3];
    to.password = first_line(argv[4]);
    client daemon("127.0.0.1", static_cast<unsigned short>(std::strtoul(argv[5], nullptr, 10)));
    const std::string command = argv[9];
    const auto request = job_request(first_line(argv[6]), argv[7], command);
    const auto count = std::strtoul(argv[8], nullptr, 10);
    bare_session session(to);
    session.run("terminal length 0");
    constexpr unsigned long warm_up = 20;
    std::vector<double> bare;
    std::vector<double> whole;
    for (unsigned long i = 0; i < warm_up + count; ++i) {
        if (i == warm_up) {
            bare.clear();
            whole.clear();
        }
        take_time(bare, [&] { session.run(command); });
        take_time(whole, [&] { run_job(daemon, request); });
    }
    std::printf(R"({"bare_p50_ms":%.4f,"bare_p99_ms":%.4f,"whole_p50_ms":%.4f,"whole_p99_ms":%.4f})"
                "\n",
                quantile(bare, 0.5), quantile(bare, 0.99), quantile(whole, 0.5), quantile(whole, 0.99));
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 10) {
        std::fprintf(stderr,
                     "usage: command_turns HOST PORT USER PASSWORD_FILE API_PORT TOKEN_FILE DEVICE COUNT COMMAND\n"
                     "Runs the command over libssh and as a pinned job, in turn, COUNT times each, and prints "
                     "a line of JSON.\n");
        return 2;
    }
    try {
        measure(argv);
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "command_turns: %s\n", problem.what());
        return 1;
    }
}
