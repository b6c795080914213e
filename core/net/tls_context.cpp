#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <fstream>

namespace ferrule::net {

namespace {

std::string reason() {
    // The last one is the root; those before it only say "PEM routines".
    std::string out;
    while (const auto code = ERR_get_error()) {
        if (const char* text = ERR_reason_error_string(code); text != nullptr)
            out = text;
    }
    return out.empty() ? "OpenSSL gave no reason" : out;
}

result<void> readable(const std::string& file, std::string_view what) {
    const std::ifstream in(file);
    if (!in)
        return error("tls_file_unreadable", "the " + std::string(what) + " file cannot be read: " + file +
                                                "; check the path and its permissions");
    return ok();
}

result<void> use_identity(SSL_CTX* context, const std::string& certificate, const std::string& key) {
    if (auto there = readable(certificate, "certificate"); !there)
        return there;
    if (auto there = readable(key, "key"); !there)
        return there;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
        return error("tls_certificate_invalid",
                     "the file holds no usable PEM certificate: " + certificate + ": " + reason());
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
            ERR_clear_error();
            return error("tls_key_mismatch", "the key " + key + " does not belong to the certificate " + certificate);
        }
        return error("tls_key_invalid",
                     "the file holds no usable PEM private key without a passphrase: " + key + ": " + reason());
    }
    if (SSL_CTX_check_private_key(context) != 1)
        return error("tls_key_mismatch", "the key " + key + " does not belong to the certificate " + certificate);
    return ok();
}

result<void> use_authorities(SSL_CTX* context, const std::string& file) {
    if (auto there = readable(file, "CA"); !there)
        return there;
    ERR_clear_error();
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1)
        return error("tls_certificate_invalid",
                     "the CA file holds no usable PEM certificate: " + file + ": " + reason());
    return ok();
}

} // namespace

tls_context make_bare_context(asio::ssl::context::method method) {
    auto out = std::make_shared<asio::ssl::context>(method);
    auto* const raw = out->native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(raw, TLS1_3_VERSION);
    // An idle connection then holds no record buffers.
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // Without a passphrase prompt on the terminal of a daemon.
    SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return 0; });
    return out;
}

result<tls_context> make_server_context(const tls_server_settings& wanted) {
    auto out = make_bare_context(asio::ssl::context::tls_server);
    auto* const raw = out->native_handle();
    SSL_CTX_set_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (auto good = use_identity(raw, wanted.certificate, wanted.key); !good)
        return good.error();
    if (!wanted.client_ca.empty()) {
        if (auto good = use_authorities(raw, wanted.client_ca); !good)
            return good.error();
        SSL_CTX_set_client_CA_list(raw, SSL_load_client_CA_file(wanted.client_ca.c_str()));
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        // Without it OpenSSL refuses to resume sessions that showed a client's certificate.
        static constexpr unsigned char scope[] = "ferrule";
        SSL_CTX_set_session_id_context(raw, scope, sizeof(scope) - 1);
    }
    return out;
}

result<tls_context> make_client_context(const tls_client_settings& wanted) {
    auto out = make_bare_context(asio::ssl::context::tls_client);
    auto* const raw = out->native_handle();
    SSL_CTX_set_verify(raw, wanted.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (!wanted.ca_file.empty()) {
        if (auto good = use_authorities(raw, wanted.ca_file); !good)
            return good.error();
    } else if (wanted.verify && SSL_CTX_set_default_verify_paths(raw) != 1) {
        return error("tls_file_unreadable", "the system's certificates cannot be read: " + reason());
    }
    if (!wanted.certificate.empty())
        if (auto good = use_identity(raw, wanted.certificate, wanted.key.empty() ? wanted.certificate : wanted.key);
            !good)
            return good.error();
    return out;
}

} // namespace ferrule::net
