// ssh_loop: how long a device takes for a command when libssh alone asks it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <vector>

#include "samples.hpp"
#include "ssh/bare_session.hpp"

int main(int argc, char** argv) {
    using namespace ferrule::bench;
    if (argc != 7) {
        std::fprintf(stderr, "usage: ssh_loop HOST PORT USER PASSWORD_FILE COUNT COMMAND\n"
                             "Runs the command COUNT times in one session and prints a line of JSON.\n");
        return 2;
    }
    try {
        login to;
        to.host = argv[1];
        to.port = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
        to.user = argv[3];
        std::ifstream secret(argv[4]);
        std::getline(secret, to.password);
        const auto count = std::strtoul(argv[5], nullptr, 10);
        const std::string command = argv[6];
        bare_session session(to);
        session.run("terminal length 0");
        for (int i = 0; i < 20; ++i)
            session.run(command);
        std::vector<double> took;
        std::size_t bytes = 0;
        for (unsigned long i = 0; i < count; ++i) {
            const auto began = std::chrono::steady_clock::now();
            bytes = session.run(command).size();
            const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - began;
            took.push_back(passed.count());
        }
        std::printf(R"({"p50_ms":%.4f,"p99_ms":%.4f,"bytes":%zu})"
                    "\n",
                    quantile(took, 0.5), quantile(took, 0.99), bytes);
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "ssh_loop: %s\n", problem.what());
        return 1;
    }
}
