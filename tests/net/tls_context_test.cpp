#include "support/print_result.hpp"

#include "certificates.hpp"

#include "net/tls_context.hpp"

#include <openssl/ssl.h>

using ferrule::error;
using ferrule::net::make_client_context;
using ferrule::net::make_server_context;
using ferrule::net::tls_server_settings;

namespace {

error refusal(const tls_server_settings& wanted) {
    const auto got = make_server_context(wanted);
    REQUIRE_FALSE(got);
    return got.error();
}

} // namespace

TEST_CASE("contexts take TLS 1.2 at the least") {
    const test::authority known;
    const auto server = make_server_context({known.file("ca.pem"), known.file("ca.key"), {}});
    REQUIRE(server);
    CHECK(SSL_CTX_get_min_proto_version((*server)->native_handle()) == TLS1_2_VERSION);
    CHECK(SSL_CTX_get_max_proto_version((*server)->native_handle()) == TLS1_3_VERSION);
    CHECK(SSL_CTX_get_verify_mode((*server)->native_handle()) == SSL_VERIFY_NONE);
    const auto client = make_client_context({true, known.file("ca.pem"), {}, {}});
    REQUIRE(client);
    CHECK(SSL_CTX_get_min_proto_version((*client)->native_handle()) == TLS1_2_VERSION);
    CHECK(SSL_CTX_get_verify_mode((*client)->native_handle()) == SSL_VERIFY_PEER);
    CHECK(make_client_context({}));
    const auto mutual = make_server_context({known.file("ca.pem"), known.file("ca.key"), known.file("ca.pem")});
    REQUIRE(mutual);
    CHECK(SSL_CTX_get_verify_mode((*mutual)->native_handle()) == (SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT));
}

TEST_CASE("files that cannot be used are named with the reason") {
    const test::authority known;
    known.sign("other", "DNS:other");
    const auto ca = known.file("ca.pem");
    const auto key = known.file("ca.key");
    const auto junk = known.folder().write("junk.pem", "not a certificate").string();
    const auto missing = known.file("missing.pem");

    CHECK(refusal({missing, key, {}}) ==
          error("tls_file_unreadable",
                "the certificate file cannot be read: " + missing + "; check the path and its permissions"));
    CHECK(refusal({ca, missing, {}}) == error("tls_file_unreadable", "the key file cannot be read: " + missing +
                                                                         "; check the path and its permissions"));
    const auto bad = refusal({junk, key, {}});
    CHECK(bad.code() == "tls_certificate_invalid");
    CHECK(bad.message().starts_with("the file holds no usable PEM certificate: " + junk + ": "));
    const auto bad_key = refusal({ca, junk, {}});
    CHECK(bad_key.code() == "tls_key_invalid");
    CHECK(bad_key.message().starts_with("the file holds no usable PEM private key without a passphrase: " + junk));
    CHECK(
        refusal({ca, known.file("other.key"), {}}) ==
        error("tls_key_mismatch", "the key " + known.file("other.key") + " does not belong to the certificate " + ca));
    CHECK(refusal({ca, key, junk}).code() == "tls_certificate_invalid");
    CHECK(refusal({ca, key, missing}).code() == "tls_file_unreadable");
}

TEST_CASE("a key behind a passphrase is refused instead of asking on the terminal") {
    const test::authority known;
    const auto locked = known.file("locked.key");
    REQUIRE(std::system(("openssl ec -aes128 -passout pass:secret -in '" + known.file("ca.key") + "' -out '" + locked +
                         "' 2>/dev/null")
                            .c_str()) == 0);
    CHECK(refusal({known.file("ca.pem"), locked, {}}).code() == "tls_key_invalid");
}
