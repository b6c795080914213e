// Who is let in when many come, or some only want to be in the way.
#include "tls_ends.hpp"

#include "net/web_socket_client.hpp"
#include "net/web_socket_listener.hpp"
#include "runtime/spawn.hpp"

#include <condition_variable>
#include <mutex>
#include <vector>

using namespace ferrule;
using namespace test;
using namespace std::chrono_literals;
using socket_ptr = std::shared_ptr<net::web_socket>;

namespace {

/// Counts what a listener tells, and keeps what it opens.
class house {
  public:
    house(test::loop& on, const tls_parties& by, net::web_socket_listener_settings wanted)
        : on_(on) {
        wanted.addresses = {"127.0.0.1:0"};
        net::web_socket_events tell;
        tell.opened = [this](socket_ptr socket) {
            const std::lock_guard lock(mutex_);
            open_.push_back(std::move(socket));
            changed_.notify_all();
        };
        tell.failed = [this](const std::string&, const error& why, const auto&) {
            const std::lock_guard lock(mutex_);
            failed_.push_back(why.code());
            changed_.notify_all();
        };
        door_.emplace(on.io(), std::move(wanted), std::move(tell));
        REQUIRE(door_->start(by.server));
    }

    ~house() { stop(); }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            for (const auto& each : open_)
                each->cut_off();
        }
        on_.wait(door_->stop(30s));
    }

    [[nodiscard]] std::string address() const { return door_->addresses().front(); }

    [[nodiscard]] tcp::endpoint endpoint() const {
        const auto parts = net::split_host_port(address());
        return {asio::ip::make_address(parts->host), static_cast<std::uint16_t>(std::stoi(parts->port))};
    }

    bool wait_for(std::size_t opened) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 60s, [&] { return open_.size() >= opened; });
    }

    bool wait_for_failures(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 60s, [&] { return failed_.size() >= count; });
    }

    std::vector<std::string> failures() {
        const std::lock_guard lock(mutex_);
        return failed_;
    }

  private:
    test::loop& on_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<socket_ptr> open_;
    std::vector<std::string> failed_;
    std::optional<net::web_socket_listener> door_;
};

/// Connections that say this and nothing more.
std::vector<tcp::socket> in_the_way(test::loop& on, const tcp::endpoint& at, std::size_t count,
                                    const std::string& say) {
    std::vector<tcp::socket> out;
    for (std::size_t i = 0; i < count; ++i) {
        tcp::socket each(on.io().get_executor());
        each.connect(at);
        asio::write(each, asio::buffer(say));
        out.push_back(std::move(each));
    }
    return out;
}

result<socket_ptr> dial(test::loop& on, net::resolver& names, const std::string& address, const net::tls_context& as) {
    return on.wait(net::dial_web_socket(names, address, as, {}, 30s));
}

net::web_socket_listener_settings narrow() {
    net::web_socket_listener_settings out;
    out.most_handshakes = 2;
    out.most_waiting = 16;
    out.handshake_timeout = 30s; // longer than a test waits
    return out;
}

} // namespace

TEST_CASE("connections that say nothing keep nobody out") {
    for (const unsigned threads : {1U, 3U}) {
        test::loop on(threads);
        net::resolver names(on.io());
        const tls_parties by;
        house at(on, by, narrow());
        const auto silent = in_the_way(on, at.endpoint(), 100, {});
        const auto made = dial(on, names, at.address(), by.client);
        REQUIRE(made);
        REQUIRE(at.wait_for(1));
        CHECK(at.wait_for_failures(84)); // the oldest had to go
        (*made)->cut_off();
    }
}

TEST_CASE("handshakes that stand still give their slots to those that wait") {
    test::loop on;
    net::resolver names(on.io());
    const tls_parties by;
    auto wanted = narrow();
    wanted.handshake_timeout = 2s; // a fifth of it is what one may keep the others waiting
    house at(on, by, wanted);
    // The beginning of a ClientHello.
    const auto begun = in_the_way(on, at.endpoint(), 10, std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8));
    const auto made = dial(on, names, at.address(), by.client);
    REQUIRE(made);
    REQUIRE(at.wait_for(1));
    (*made)->cut_off();
}

TEST_CASE("a herd that comes at once is let in to the last, a few at a time") {
    constexpr std::size_t herd = 300;
    for (const unsigned threads : {1U, 3U}) {
        test::loop on(threads);
        net::resolver names(on.io());
        const tls_parties by;
        auto wanted = narrow();
        wanted.most_handshakes = 4;
        wanted.handshake_timeout = 600s; // on a slow machine first words are long on their way
        house at(on, by, wanted);
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<socket_ptr> in;
        const auto come = [&](asio::any_io_executor on_it) -> asio::awaitable<void> {
            for (;;) { // one that is turned away comes again
                auto made = co_await net::dial_web_socket(names, at.address(), by.client, {}, 30s);
                if (!made)
                    continue;
                const std::lock_guard lock(mutex);
                in.push_back(std::move(*made));
                changed.notify_all();
                break;
            }
            static_cast<void>(on_it);
        };
        for (std::size_t i = 0; i < herd; ++i) {
            const auto on_it = on.io().make_strand();
            runtime::spawn(on_it, "herd", come(on_it));
        }
        {
            std::unique_lock lock(mutex);
            REQUIRE(changed.wait_for(lock, 120s, [&] { return in.size() == herd; }));
        }
        CHECK(at.wait_for(herd));
        CHECK(at.failures().empty()); // though all are of one address, and fill the room
        for (const auto& each : in)
            each->cut_off();
        in.clear();
    }
}

TEST_CASE("a listener that stops ends those that wait and those that shake hands") {
    test::loop on(2);
    const tls_parties by;
    house at(on, by, narrow());
    auto silent = in_the_way(on, at.endpoint(), 5, {});
    auto begun = in_the_way(on, at.endpoint(), 5, std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8));
    at.stop();
    for (auto* const all : {&silent, &begun})
        for (auto& each : *all) {
            char byte = 0;
            error_code ended;
            asio::read(each, asio::buffer(&byte, 1), ended);
            CHECK(ended);
        }
}
