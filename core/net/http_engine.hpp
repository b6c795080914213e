// libcurl's multi handle on the event loop. Internal to this floor.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <curl/curl.h>

#include <memory>
#include <unordered_map>
#include <vector>

#include "net/http_client.hpp"
#include "net/poll_group.hpp"

namespace ferrule::net {

class http_exchange;

/// Owns the handles and the exchanges; everything but the constructor, start and cancel runs on its strand.
class http_client::engine : public std::enable_shared_from_this<http_client::engine> {
  public:
    engine(runtime::io& loop, http_client_settings wanted);
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;
    ~engine();

    std::uint64_t start(http_request request, asio::any_io_executor on, http_callback done);
    void cancel(std::uint64_t number);
    void close();

  private:
    struct watched;

    void begin(std::unique_ptr<http_exchange> made);
    void end(std::uint64_t number, std::optional<error> why, CURLcode code);
    void drive(curl_socket_t fd, int events);
    void collect();
    CURL* take_handle();
    static int on_socket(CURL* handle, curl_socket_t fd, int what, void* self, void* mine);
    static int on_timeout(CURLM* multi, long wait_ms, void* self);
    static void on_ready(void* arg, std::uint32_t events);

    runtime::strand strand_;
    http_client_settings settings_;
    poll_group sockets_;
    asio::steady_timer timer_;
    std::atomic<std::uint64_t> last_{0};
    CURLM* multi_ = nullptr;
    std::unordered_map<std::uint64_t, std::unique_ptr<http_exchange>> exchanges_;
    std::unordered_map<curl_socket_t, std::unique_ptr<watched>> watched_;
    std::vector<CURL*> spare_;
    bool closed_ = false;
};

} // namespace ferrule::net
