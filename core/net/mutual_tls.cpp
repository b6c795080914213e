#include "net/mutual_tls.hpp"

#include "net/certificate_facts.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace ferrule::net {

namespace {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* what) const noexcept {
        Free(what);
    }
};

using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using store_ptr = std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>>;

bio_ptr over(std::string_view text) {
    return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

x509_ptr read_certificate(std::string_view text) {
    const auto in = over(text);
    return x509_ptr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

result<void> trust(SSL_CTX* context, const std::string& authority) {
    ERR_clear_error();
    const auto root = read_certificate(authority);
    if (!root || X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get()) != 1)
        return error("tls_certificate_invalid", "the authority's certificate cannot be read: " + openssl_reason());
    return ok();
}

result<void> identify(SSL_CTX* context, const tls_identity& as) {
    ERR_clear_error();
    const auto own = read_certificate(as.certificate);
    if (!own || SSL_CTX_use_certificate(context, own.get()) != 1)
        return error("tls_certificate_invalid", "our own certificate cannot be read: " + openssl_reason());
    const auto in = over(as.key.reveal());
    const key_ptr key(PEM_read_bio_PrivateKey(
        in.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
    if (!key)
        return error("tls_key_invalid", "our own key cannot be read: " + openssl_reason());
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
        ERR_clear_error();
        return error("tls_key_mismatch", "our own key does not belong to our certificate");
    }
    return ok();
}

// Of what the server sent along, the authority that was asked for is trusted, and nothing else.
int verify_pinned(X509_STORE_CTX* chain, void* wanted) {
    const auto& fingerprint = *static_cast<const std::string*>(wanted);
    const auto* sent = X509_STORE_CTX_get0_untrusted(chain);
    for (int i = 0; i < sk_X509_num(sent); ++i) {
        auto* const each = sk_X509_value(sent, i);
        if (facts_of(each).fingerprint != fingerprint || X509_check_ca(each) != 1)
            continue;
        const store_ptr trusted(X509_STORE_new());
        const std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>> check(X509_STORE_CTX_new());
        if (!trusted || !check || X509_STORE_add_cert(trusted.get(), each) != 1 ||
            X509_STORE_CTX_init(check.get(), trusted.get(), X509_STORE_CTX_get0_cert(chain),
                                X509_STORE_CTX_get0_untrusted(chain)) != 1 ||
            X509_STORE_CTX_set_default(check.get(), "ssl_server") != 1)
            break;
        const int good = X509_verify_cert(check.get());
        X509_STORE_CTX_set_error(chain, X509_STORE_CTX_get_error(check.get()));
        return good == 1 ? 1 : 0;
    }
    X509_STORE_CTX_set_error(chain, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
    return 0;
}

} // namespace

result<tls_context> make_mutual_server_context(const tls_identity& wanted) {
    auto out = make_bare_context(asio::ssl::context::tls_server);
    auto* const raw = out->native_handle();
    if (auto good = trust(raw, wanted.authority); !good)
        return good.error();
    if (auto good = identify(raw, wanted); !good)
        return good.error();
    const auto root = read_certificate(wanted.authority);
    SSL_CTX_add1_chain_cert(raw, root.get());
    SSL_CTX_add_client_CA(raw, root.get());
    SSL_CTX_set_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    return out;
}

result<tls_context> make_mutual_client_context(const tls_identity& wanted) {
    auto out = make_bare_context(asio::ssl::context::tls_client);
    auto* const raw = out->native_handle();
    if (auto good = trust(raw, wanted.authority); !good)
        return good.error();
    if (auto good = identify(raw, wanted); !good)
        return good.error();
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    return out;
}

result<tls_context> make_pinned_client_context(const std::string& fingerprint) {
    auto out = make_bare_context(asio::ssl::context::tls_client);
    // The context takes the fingerprint with it, and frees it when it goes.
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr,
        [](void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<std::string*>(kept); });
    auto kept = std::make_unique<std::string>(fingerprint);
    auto* const raw = out->native_handle();
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(raw, verify_pinned, kept.get());
    if (SSL_CTX_set_ex_data(raw, index, kept.get()) != 1)
        return error("internal", "OpenSSL keeps no data");
    static_cast<void>(kept.release());
    return out;
}

} // namespace ferrule::net
