// SPDX-License-Identifier: Apache-2.0
#include "plugins/probes/pki.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace ferrule::probes_test {

namespace {

std::shared_ptr<EVP_PKEY> make_key() {
    return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

void add_extension(X509* to, X509* issuer, int which, const std::string& value) {
    X509V3_CTX about;
    X509V3_set_ctx(&about, issuer, to, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &about, which, value.c_str());
    if (extension == nullptr) {
        throw std::runtime_error("no extension of " + value);
    }
    X509_add_ext(to, extension, -1);
    X509_EXTENSION_free(extension);
}

std::shared_ptr<X509> make_certificate(const std::string& name, EVP_PKEY* key, long serial, long begins, long ends) {
    std::shared_ptr<X509> made(X509_new(), &X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), begins);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), ends);
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return made;
}

} // namespace

authority::authority(const std::string& name)
    : key_(make_key())
    , certificate_(make_certificate(name, key_.get(), 1, -86400, 86400)) {
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
    add_extension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate_.get(), certificate_.get(), NID_subject_key_identifier, "hash");
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
}

std::shared_ptr<SSL_CTX> authority::server(const certificate_spec& spec) const {
    const auto key = make_key();
    const auto leaf = make_certificate("server", key.get(), 0x0abcde, spec.begins, spec.ends);
    X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get()));
    add_extension(leaf.get(), certificate_.get(), NID_subject_alt_name, spec.names);
    X509_sign(leaf.get(), key_.get(), EVP_sha256());
    std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    SSL_CTX_use_certificate(made.get(), leaf.get());
    SSL_CTX_use_PrivateKey(made.get(), key.get());
    return made;
}

std::string authority::pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_X509(out.get(), certificate_.get());
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

} // namespace ferrule::probes_test
