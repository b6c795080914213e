// A controller's end and agents' ends over real TLS on loopback, each with a store in memory.
#pragma once

#include "devices/memory_backend.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/agent_link.hpp"
#include "fleet/agents_hub.hpp"
#include "fleet/pki/request.hpp"
#include "net/web_socket_client.hpp"
#include "runtime/io.hpp"
#include "state/event_bus.hpp"
#include "store/open_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace test {

using namespace ferrule;
using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Things that threads tell a test, which waits for them; none within a minute is a failure.
class journal {
  public:
    void tell(std::string what) {
        const std::lock_guard lock(mutex_);
        all_.push_back(std::move(what));
        changed_.notify_all();
    }

    /// Until `what` has been told `times` times.
    bool wait(const std::string& what, std::ptrdiff_t times = 1) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 60s, [&] { return std::count(all_.begin(), all_.end(), what) >= times; });
    }

    std::vector<std::string> all() const {
        const std::lock_guard lock(mutex_);
        return all_;
    }

    std::ptrdiff_t count(const std::string& what) const {
        const std::lock_guard lock(mutex_);
        return std::count(all_.begin(), all_.end(), what);
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> all_;
};

/// The system's clock, which a test moves ahead.
class shifted_clock final : public base::clock {
  public:
    [[nodiscard]] base::steady_time steady_now() const override { return base::system_clock().steady_now(); }

    [[nodiscard]] base::wall_time wall_now() const override {
        return base::system_clock().wall_now() + std::chrono::milliseconds(ahead.load());
    }

    void advance(std::chrono::milliseconds by) { ahead += by.count(); }

    std::atomic<std::int64_t> ahead{0};
};

/// What both ends run on.
struct machine {
    explicit machine(unsigned threads = 2)
        : loop(threads)
        , pool(2)
        , names(loop) {
        loop.start();
    }

    ~machine() {
        loop.stop();
        loop.join();
        pool.stop();
    }

    template <class T>
    T wait(asio::awaitable<T> what) {
        return wait_on(loop.get_executor(), std::move(what));
    }

    /// On a strand, for what is not to be used by two threads at once.
    template <class T>
    T wait_on(asio::any_io_executor where, asio::awaitable<T> what) {
        auto outcome = asio::co_spawn(std::move(where), std::move(what), asio::use_future);
        REQUIRE(outcome.wait_for(60s) == std::future_status::ready);
        return outcome.get();
    }

    runtime::io loop;
    runtime::blocking_pool pool;
    net::resolver names;
    shifted_clock clock;        ///< Of controllers.
    shifted_clock agents_clock; ///< Of agents.
    scratch_folder folder;
};

/// A controller; its authority and its records outlive it, so that a second one is the same after a restart.
class controller {
  public:
    explicit controller(machine& on, std::shared_ptr<memory_store> records = std::make_shared<memory_store>(),
                        config::fleet_settings wanted = {}, const std::string& authority = "ca")
        : on_(on)
        , store(std::make_unique<memory_backend>(std::move(records)), on.loop, on.pool)
        , tokens(store, on.clock)
        , book(store, bus, on.clock) {
        const auto folder = on.folder.path() / authority;
        auto opened = fleet::pki::authority::open(folder);
        if (!opened)
            opened = fleet::pki::authority::init(folder, on.clock.wall_now());
        REQUIRE(opened);
        ca.emplace(std::move(*opened));
        REQUIRE(on.wait(tokens.load()));
        REQUIRE(on.wait(book.load()));
        if (wanted.listen.empty())
            wanted.listen = {"127.0.0.1:0"};
        admits.emplace(*ca, tokens, book, store, on.clock, wanted.certificate_lifetime);
        hub.emplace(on.loop, *ca, *admits, book, on.clock, wanted, "controller-1", "1.2.3");
        hub->on_connected([this](const std::string& agent) { heard.tell("connected " + agent); });
        hub->on_disconnected([this](const std::string& agent) { heard.tell("disconnected " + agent); });
    }

    ~controller() { stop(); }

    void start() { REQUIRE(hub->start()); }

    void stop() {
        if (std::exchange(stopped_, true))
            return;
        on_.wait(stopping());
    }

    base::secret token(std::string name = {}, base::duration lifetime = 1h) {
        fleet::join_token wanted;
        wanted.name = std::move(name);
        wanted.tags = {{"from", "token"}};
        auto made = on_.wait(tokens.make(wanted, lifetime, ca->facts().fingerprint));
        REQUIRE(made);
        return made->text;
    }

    [[nodiscard]] std::string address() const { return hub->addresses().front(); }

  private:
    asio::awaitable<void> stopping() {
        co_await hub->stop(5s);
        co_await store.stop();
    }

    machine& on_;
    bool stopped_ = false;

  public:
    journal heard;
    state::event_bus bus;
    store::open_store store;
    fleet::join_tokens tokens;
    fleet::registry book;
    std::optional<fleet::pki::authority> ca;
    std::optional<fleet::enroller> admits;
    std::optional<fleet::agents_hub> hub;
};

/// An agent; its folder and its records outlive it.
class agent {
  public:
    agent(machine& on, std::string name, std::vector<std::string> controllers, base::secret token = {},
          std::shared_ptr<memory_store> records = std::make_shared<memory_store>(),
          fleet::protocol::outbox::limits limits = {}, base::duration connect_timeout = 5s)
        : on_(on)
        , store(std::make_unique<memory_backend>(std::move(records)), on.loop, on.pool)
        , kept(store, limits, on.agents_clock)
        , identity(on.folder.path() / name) {
        config::agent_settings wanted;
        wanted.name = name;
        wanted.controllers = std::move(controllers);
        wanted.join_token = std::move(token);
        wanted.labels = {{"site", "here"}, {"from", "agent"}};
        wanted.region = "eu";
        wanted.heartbeat = 200ms;
        wanted.connect_timeout = connect_timeout;
        wanted.reconnect_max = 200ms;
        REQUIRE(on.wait(kept.load()));
        fleet::agent_link_parts parts{on.loop,
                                      on.names,
                                      kept,
                                      on.agents_clock,
                                      identity,
                                      wanted,
                                      "1.2.3",
                                      [] { return std::string(R"({"cpu":{"busy":1}})"); },
                                      [] { return 0.5; },
                                      200ms};
        link.emplace(std::move(parts));
        link->on_connected([this](const std::string& controller) { heard.tell("connected " + controller); });
        link->on_disconnected([this] { heard.tell("disconnected"); });
    }

    ~agent() { stop(); }

    void start() { link->start(); }

    void stop() {
        if (std::exchange(stopped_, true))
            return;
        on_.wait(stopping());
    }

    void deliver(const std::string& kind, int number) {
        std::promise<result<void>> done;
        link->deliver(kind, R"({"n":)" + std::to_string(number) + "}",
                      [&done](result<void> kept_now) { done.set_value(std::move(kept_now)); });
        REQUIRE(done.get_future().get());
    }

  private:
    asio::awaitable<void> stopping() {
        co_await link->stop(5s);
        co_await store.stop();
    }

    machine& on_;
    bool stopped_ = false;

  public:
    journal heard;
    store::open_store store;
    fleet::spool kept;
    fleet::identity_file identity;
    std::optional<fleet::agent_link> link;
};

} // namespace test
