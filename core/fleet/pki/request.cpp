#include "fleet/pki/request.hpp"

#include "fleet/pki/openssl.hpp"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <array>
#include <new>

namespace ferrule::fleet::pki {

namespace {

constexpr std::size_t longest_request = 16384;

bool is_accepted(EVP_PKEY* key) {
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        return true;
    std::array<char, 64> curve{};
    std::size_t size = 0;
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
        EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) != 1)
        return false;
    const int known = OBJ_txt2nid(curve.data());
    return known == NID_X9_62_prime256v1 || known == NID_secp384r1;
}

} // namespace

request_ptr request_of(std::string_view pem) {
    if (pem.size() > longest_request)
        return nullptr;
    const auto in = reading(pem);
    request_ptr read(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
    auto* const key = read ? X509_REQ_get0_pubkey(read.get()) : nullptr;
    if (key == nullptr || !is_accepted(key) || X509_REQ_verify(read.get(), key) != 1)
        read.reset();
    ERR_clear_error();
    return read;
}

base::secret make_key() {
    const key_ptr made(EVP_EC_gen("P-256"));
    const bio_ptr out(BIO_new(BIO_s_secmem()));
    if (!made || !out ||
        PEM_write_bio_PKCS8PrivateKey(out.get(), made.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        throw std::bad_alloc();
    auto text = taken_from(out.get());
    base::secret kept{std::string(text)};
    base::wipe(text);
    return kept;
}

result<std::string> make_request(const base::secret& key, const std::string& name) {
    const auto signer = key_of(key.reveal());
    const request_ptr made(X509_REQ_new());
    const bio_ptr out(BIO_new(BIO_s_mem()));
    if (!signer)
        return error("key_file", "the key cannot be read as PEM");
    auto* const subject = X509_REQ_get_subject_name(made.get());
    const auto shown = name.substr(0, 64); // RFC 5280, ub-common-name; the authority does not look at it
    const bool signed_ = X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                                    reinterpret_cast<const unsigned char*>(name.data()),
                                                    static_cast<int>(name.size()), -1, 0) == 1 &&
                         X509_REQ_set_pubkey(made.get(), signer.get()) == 1 &&
                         X509_REQ_sign(made.get(), signer.get(), EVP_sha256()) > 0 &&
                         PEM_write_bio_X509_REQ(out.get(), made.get()) == 1;
    ERR_clear_error();
    if (!signed_)
        return error("key_file", "the key cannot sign a certificate request");
    return taken_from(out.get());
}

result<std::string> requester_of(const std::string& request) {
    const auto read = request_of(request);
    if (!read)
        return error("invalid_csr", "this is no certificate request (PEM, PKCS #10) with a key on P-256, P-384 or "
                                    "Ed25519 and a signature that fits it");
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(X509_REQ_get0_pubkey(read.get()), &der);
    std::array<unsigned char, 32> digest{};
    unsigned length = 0;
    EVP_Digest(der, static_cast<std::size_t>(std::max(size, 0)), digest.data(), &length, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const auto each : digest) {
        hex += digits[each >> 4U];
        hex += digits[each & 15U];
    }
    return hex;
}

} // namespace ferrule::fleet::pki
