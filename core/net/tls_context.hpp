// TLS contexts from files, with errors that say which file and why.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

#include "base/error.hpp"

namespace ferrule::net {

namespace asio = boost::asio;

using tls_context = std::shared_ptr<asio::ssl::context>;

/// The server's side: a PEM chain and its key; with `client_ca` every client must show a certificate signed by it.
struct tls_server_settings {
    std::string certificate;
    std::string key;
    std::string client_ca;
};

/// The client's side: whom to trust (empty = the system's store) and, for mutual TLS, who we are.
struct tls_client_settings {
    bool verify = true;
    std::string ca_file;
    std::string certificate;
    std::string key;
};

/// TLS 1.2 or later, 1.3 preferred, with session tickets and released buffers. Fails with `tls_file_unreadable`,
/// `tls_certificate_invalid`, `tls_key_invalid` or `tls_key_mismatch`, naming the file and OpenSSL's reason.
result<tls_context> make_server_context(const tls_server_settings& wanted);
/// As above for outgoing connections; the caller sets the server's name on the stream.
result<tls_context> make_client_context(const tls_client_settings& wanted);

/// What all contexts have in common, without a certificate and without anyone to trust.
tls_context make_bare_context(asio::ssl::context::method method);

} // namespace ferrule::net
