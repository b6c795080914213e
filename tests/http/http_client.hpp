// A blocking HTTP client for tests that shows exactly what came over the wire.
#pragma once

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ferrule::http_test {

/// One response, taken apart. Header names are lower case.
struct reply {
    unsigned status = 0;
    std::map<std::string, std::string> headers;
    std::string body;

    [[nodiscard]] std::string header(const std::string& name) const;
};

/// What a TLS client offers.
struct tls_offer {
    std::string trusted; ///< PEM file of the server's certificate.
    std::string alpn;    ///< Such as `http/1.1` or `h2`; empty for none.
    int least_version = 0;
    int most_version = 0;
};

/// One connection. Each read gives up after a long time with an exception, so a test fails instead of hanging.
class client {
  public:
    /// `127.0.0.1:port` or `unix:/path`.
    explicit client(const std::string& address);
    client(const std::string& address, const tls_offer& offer);
    client(client&&) noexcept;
    ~client();

    void send(std::string_view bytes);
    /// Sends a request with Host, the given headers (each with its line end) and the body with its length.
    void request(std::string_view method_and_target, std::string_view headers = {}, std::string_view body = {});
    /// Reads one response; with `head`, without a body.
    reply read(bool head = false);
    /// Everything until the server closes; empty when it closes without a word.
    std::string read_to_end();
    /// Reads until `text` has come; returns everything since the last call.
    std::string read_until(std::string_view text);
    /// Hangs up abruptly (RST), as a client that died.
    void reset();
    /// No further bytes from here.
    void half_close();

    [[nodiscard]] std::string tls_version() const;
    [[nodiscard]] std::string alpn() const;

  private:
    std::size_t receive();
    std::string take_line();

    int fd_ = -1;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{nullptr, SSL_CTX_free};
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
    std::string buffer_;
};

/// Connects, asks once and reads the answer.
reply ask(const std::string& address, std::string_view method_and_target, std::string_view headers = {},
          std::string_view body = {});

} // namespace ferrule::http_test
