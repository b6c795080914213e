// Thousands of agents in one process, each with a key, a certificate and a connection of its own.
//
//   fleet_agents AUTHORITY_FOLDER HOST:PORT AGENTS HEARTBEAT_MS ADDRESSES [COMMAND_KEY]
//
// ADDRESSES of 127.0.1.0/24, at most 200, are where they come from, the same number of each: one is a site behind one
// address. Runs until its standard input ends. What it prints is told in herd.hpp.
#include "fleet/descriptors.hpp"
#include "fleet/herd.hpp"

#include "base/log.hpp"
#include "net/libraries.hpp"
#include "net/web_socket_client.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

int main(int count, char** words) {
    using namespace ferrule;
    if (count < 6) {
        std::fputs("usage: fleet_agents AUTHORITY_FOLDER HOST:PORT AGENTS HEARTBEAT_MS ADDRESSES [COMMAND_KEY]\n",
                   stderr);
        return 2;
    }
    net::init_libraries();
    base::log::settings quiet;
    quiet.minimum = base::log::level::warn;
    base::log::configure(quiet);
    bench::herd_settings wanted;
    wanted.authority = words[1];
    const auto at = net::split_host_port(words[2]);
    if (!at)
        return std::fprintf(stderr, "fleet_agents: %s\n", at.error().message().c_str()), 2;
    wanted.controller = {boost::asio::ip::make_address(at->host), static_cast<std::uint16_t>(std::stoi(at->port))};
    wanted.agents = std::stoul(words[3]);
    wanted.heartbeat = std::chrono::milliseconds(std::stol(words[4]));
    wanted.addresses = std::stoul(words[5]);
    if (wanted.addresses < 1 || wanted.addresses > 200)
        return std::fputs("fleet_agents: 1 to 200 addresses\n", stderr), 2;
    wanted.command_key = count > 6 ? words[6] : "";
    if (!bench::raise_descriptors(wanted.agents + 64))
        return 1;

    boost::asio::io_context loop(1);
    bench::herd all(loop, std::move(wanted));
    if (const auto made = all.make_agents(); !made) {
        std::fprintf(stderr, "fleet_agents: %s\n", made.error().message().c_str());
        return 1;
    }
    boost::asio::posix::stream_descriptor input(loop, ::dup(STDIN_FILENO));
    std::array<char, 64> ignored{};
    input.async_read_some(boost::asio::buffer(ignored), [&](const boost::system::error_code&, std::size_t) {
        all.tell_counts();
        std::_Exit(0); // thousands of farewells are not part of what is measured
    });
    all.start();
    loop.run();
}
