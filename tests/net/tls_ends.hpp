// Two ends of a TLS connection over loopback, with certificates of one authority.
#pragma once

#include "certificates.hpp"
#include "loop.hpp"

#include "support/print_result.hpp"

#include "net/mutual_tls.hpp"
#include "net/tls_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <openssl/pem.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace test {

namespace net = ferrule::net;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using stream_ptr = std::shared_ptr<net::tls_stream>;

/// Outcomes instead of exceptions.
inline constexpr auto outcome = asio::as_tuple(asio::use_awaitable);

/// What servers and clients of one authority show each other.
class tls_parties {
  public:
    tls_parties() {
        const authority by;
        by.sign("server", "DNS:server");
        by.sign("client", "DNS:client");
        server = *net::make_mutual_server_context(identity(by, "server"));
        client = *net::make_mutual_client_context(identity(by, "client"));
        const auto pinned = net::make_pinned_client_context(fingerprint(text(by, "ca.pem")));
        REQUIRE(pinned);
        stranger = *pinned;
    }

    net::tls_context server;
    net::tls_context client;
    net::tls_context stranger; ///< Without a certificate.

  private:
    static std::string text(const authority& by, const std::string& file) {
        std::ifstream in(by.file(file));
        return {std::istreambuf_iterator<char>(in), {}};
    }

    static net::tls_identity identity(const authority& by, const std::string& name) {
        net::tls_identity out;
        out.certificate = text(by, name + ".pem");
        out.key = ferrule::base::secret(text(by, name + ".key"));
        out.authority = text(by, "ca.pem");
        return out;
    }

    static std::string fingerprint(const std::string& certificate) {
        BIO* const in = BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()));
        X509* const read = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
        auto out = net::facts_of(read).fingerprint;
        X509_free(read);
        BIO_free(in);
        return out;
    }
};

/// A connected pair of sockets, the first one the client's.
inline asio::awaitable<std::pair<tcp::socket, tcp::socket>> connect_sockets() {
    const auto on = co_await asio::this_coro::executor;
    tcp::acceptor door(on, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket client(on);
    tcp::socket server(on);
    co_await client.async_connect(door.local_endpoint(), asio::use_awaitable); // the kernel's queue takes it
    co_await door.async_accept(server, asio::use_awaitable);
    std::pair<tcp::socket, tcp::socket> both(std::move(client), std::move(server));
    co_return both;
}

/// The same with TLS, of which the handshake has not been made.
inline asio::awaitable<std::pair<stream_ptr, stream_ptr>> connect_streams(const tls_parties& by) {
    auto sockets = co_await connect_sockets();
    auto client = std::make_shared<net::tls_stream>(std::move(sockets.first), by.client, net::tls_stream::side::client);
    auto server =
        std::make_shared<net::tls_stream>(std::move(sockets.second), by.server, net::tls_stream::side::server);
    std::pair<stream_ptr, stream_ptr> both(std::move(client), std::move(server));
    co_return both;
}

inline asio::awaitable<error_code> shake(stream_ptr over) {
    const auto [failed] = co_await over->async_handshake(outcome);
    co_return failed;
}

} // namespace test
