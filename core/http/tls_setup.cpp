#include "http/tls_setup.hpp"

#include "net/tls_context.hpp"

#include <openssl/ssl.h>

namespace ferrule::http {

namespace {

constexpr unsigned char spoken[] = "\x08http/1.1";

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned offered_size, void*) {
    unsigned char* found = nullptr;
    const int outcome = SSL_select_next_proto(&found, size, spoken, sizeof spoken - 1, offered, offered_size);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

} // namespace

result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const config::tls_settings& wanted) {
    if (!wanted.enabled())
        return std::shared_ptr<boost::asio::ssl::context>();
    auto made = net::make_server_context({wanted.cert.string(), wanted.key.string(), wanted.client_ca.string()});
    if (!made)
        return made.error();
    auto* const native = (*made)->native_handle();
    if (wanted.min_version == config::tls_version::tls_1_3)
        SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
    SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
    return *made;
}

} // namespace ferrule::http
