// Many simulated agents in one process.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "fleet/agent.hpp"
#include "fleet/exec/signing.hpp"
#include "fleet/host/sampler.hpp"
#include "fleet/pki/authority.hpp"

namespace ferrule::bench {

struct herd_settings {
    std::string authority;   ///< The controller's folder with ca.key.
    std::string command_key; ///< Empty: orders are not understood.
    asio::ip::tcp::endpoint controller;
    std::size_t agents = 5000;
    base::duration heartbeat = std::chrono::seconds(10);
    base::duration spread = std::chrono::seconds(3); ///< Over which they connect at first.
    std::size_t addresses = 8;                       ///< From which they come, the same number of each.
};

/// Makes every agent's key and certificate, then runs them all on one loop, ticked by one timer. What happens is told
/// on standard output, an object a line, as soon as it happens:
///   {"event":"all","connected":N,"seconds":S}   S since the first attempt, or since the first connection was lost
///   {"event":"none"}                            the last connection has gone
///   {"event":"answered","orders":N,"seconds":S} every connected agent was given an order; S since the first one
/// and in the end {"event":"end", …} with what was counted.
class herd {
  public:
    herd(asio::io_context& loop, herd_settings wanted);

    result<void> make_agents();
    void start();
    void tell_counts() const;

    // What agents report and ask.
    void connected();
    void disconnected();
    void failed(const error& why);
    void ordered(bool good, const std::string& why);
    void answered();
    [[nodiscard]] const std::string& metrics();
    double chance();

    [[nodiscard]] const herd_settings& settings() const noexcept { return wanted_; }

    [[nodiscard]] const exec::trusted_keys& keys() const noexcept { return keys_; }

    [[nodiscard]] asio::io_context& loop() noexcept { return loop_; }

    [[nodiscard]] static base::steady_time now() { return base::system_clock().steady_now(); }

  private:
    void tick();

    asio::io_context& loop_;
    const herd_settings wanted_;
    exec::trusted_keys keys_;
    fleet::host::sampler sampler_;
    std::string sample_;
    base::steady_time sampled_{};
    std::mt19937_64 random_{std::random_device{}()};
    asio::steady_timer ticking_;
    std::size_t next_to_tick_ = 0;
    std::vector<std::unique_ptr<simulated_agent>> all_;
    std::size_t connected_ = 0;
    base::steady_time began_{}; ///< Of the way to being complete.
    std::size_t orders_ = 0;    ///< Of this round, which is over when all have one.
    base::steady_time first_order_{};
    std::size_t connects_ = 0;
    std::size_t orders_in_all_ = 0;
    std::size_t acknowledged_ = 0;
    std::map<std::string, std::size_t> failures_; ///< By their codes.
    std::map<std::string, std::size_t> bad_orders_;
};

} // namespace ferrule::bench
