// The c-ares channel behind a resolver. Internal to this floor.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <ares.h>
#include <ctime>
#include <unordered_map>

#include "net/poll_group.hpp"
#include "net/resolver.hpp"

namespace ferrule::net {

/// Owns the channel and its queries; everything but the constructor runs on its strand.
class resolver::channel : public std::enable_shared_from_this<resolver::channel> {
  public:
    channel(runtime::io& loop, resolver_settings wanted);
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    ~channel();

    std::uint64_t start(std::string name, asio::any_io_executor on, resolve_callback done);
    void cancel(std::uint64_t number);
    void close();

  private:
    struct query;
    struct watched;

    result<void> open();
    void begin(std::uint64_t number, const std::string& name);
    void finish(std::uint64_t number, result<addresses> outcome);
    void arm();
    static void on_socket(void* self, ares_socket_t fd, int reads, int writes);
    static void on_ready(void* arg, std::uint32_t events);
    static void on_answer(void* arg, int status, int timeouts, ares_addrinfo* found);

    runtime::strand strand_;
    resolver_settings settings_;
    poll_group sockets_;
    asio::steady_timer timer_;
    std::atomic<std::uint64_t> last_{0};
    std::unordered_map<std::uint64_t, std::unique_ptr<query>> queries_;
    std::unordered_map<ares_socket_t, std::unique_ptr<watched>> watched_;
    ares_channel channel_ = nullptr;
    timespec configured_{};
    std::size_t asking_ = 0;
    bool closed_ = false;
};

} // namespace ferrule::net
