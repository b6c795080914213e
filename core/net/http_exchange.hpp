// One request on its way. Internal to this floor.
#pragma once

#include <curl/curl.h>

#include <optional>

#include "net/http_client.hpp"

namespace ferrule::net {

/// Holds what libcurl points to while the exchange runs, and gathers the answer.
class http_exchange {
  public:
    http_exchange(std::uint64_t number, http_request request, asio::any_io_executor on, http_callback done);
    http_exchange(const http_exchange&) = delete;
    http_exchange& operator=(const http_exchange&) = delete;
    ~http_exchange();

    /// Sets every option on a handle that is as new; fails with `invalid_url` or `invalid_request`.
    result<void> prepare(CURL* handle, const http_client_settings& settings);
    /// What came of it, after libcurl is done with the handle.
    result<http_response> outcome(CURLcode code);

    [[nodiscard]] CURL* handle() const noexcept { return handle_; }

    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    /// Gives the outcome to the caller, on its executor.
    void tell(result<http_response> what);

  private:
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    result<void> set_server_name(CURLU* url);
    result<void> set_headers();
    result<void> set_method();
    void set_tls();
    [[nodiscard]] error failure(CURLcode code) const;
    [[nodiscard]] http_phases phases() const;

    const std::uint64_t number_;
    http_request request_;
    asio::any_io_executor on_;
    http_callback done_;
    http_response response_;
    // The URL without user, password and query, for messages.
    std::string shown_url_;
    CURL* handle_ = nullptr;
    curl_slist* headers_ = nullptr;
    curl_slist* connect_to_ = nullptr;
    char reason_[CURL_ERROR_SIZE] = {};
    bool too_large_ = false;
};

} // namespace ferrule::net
