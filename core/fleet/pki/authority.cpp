#include "fleet/pki/authority.hpp"

#include "base/id.hpp"
#include "base/private_file.hpp"
#include "fleet/pki/openssl.hpp"
#include "fleet/pki/request.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace ferrule::fleet::pki {

namespace {

constexpr base::duration own_lifetime = std::chrono::hours(24 * 365 * 20);
/// The clock of the other end may be behind ours.
constexpr base::duration head_start = std::chrono::minutes(5);
constexpr std::size_t longest_common_name = 64; // RFC 5280, ub-common-name

struct wanted_certificate {
    std::string name;
    std::string serial;
    base::wall_time not_before;
    base::wall_time not_after;
    std::vector<std::pair<int, std::string>> extensions;
};

std::string next_serial(const std::string& after) {
    auto made = base::make_id();
    std::erase(made, '-');
    if (after.size() != made.size() || made > after)
        return made;
    // The clock went back behind what was given out before.
    BIGNUM* raw = nullptr;
    BN_hex2bn(&raw, after.c_str());
    const number_ptr number(raw);
    BN_add_word(number.get(), 1);
    std::array<unsigned char, 16> bytes{};
    BN_bn2binpad(number.get(), bytes.data(), static_cast<int>(bytes.size()));
    constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const auto each : bytes) {
        hex += digits[each >> 4U];
        hex += digits[each & 15U];
    }
    return hex;
}

bool set_time(ASN1_TIME* into, base::wall_time when) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count();
    return ASN1_TIME_set(into, static_cast<std::time_t>(seconds)) != nullptr;
}

// Longer names than a common name may have do not occur: is_name allows 128 characters, so OpenSSL's own limit is off.
bool set_name(X509* on, const std::string& name) {
    auto* const subject = X509_get_subject_name(on);
    const auto* text = reinterpret_cast<const unsigned char*>(name.data());
    if (name.size() <= longest_common_name)
        return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, text, static_cast<int>(name.size()),
                                          -1, 0) == 1;
    X509_NAME_ENTRY* raw =
        X509_NAME_ENTRY_create_by_NID(nullptr, NID_commonName, V_ASN1_UTF8STRING, text, static_cast<int>(name.size()));
    const bool added = raw != nullptr && X509_NAME_add_entry(subject, raw, -1, 0) == 1;
    X509_NAME_ENTRY_free(raw);
    return added;
}

x509_ptr make_certificate(const wanted_certificate& wanted, EVP_PKEY* key, X509* issuer, EVP_PKEY* signer) {
    x509_ptr made(X509_new());
    BIGNUM* raw = nullptr;
    BN_hex2bn(&raw, wanted.serial.c_str());
    const number_ptr serial(raw);
    bool good = made && serial && X509_set_version(made.get(), X509_VERSION_3) == 1 &&
                BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get())) != nullptr &&
                set_time(X509_getm_notBefore(made.get()), wanted.not_before) &&
                set_time(X509_getm_notAfter(made.get()), wanted.not_after) && set_name(made.get(), wanted.name) &&
                X509_set_pubkey(made.get(), key) == 1;
    auto* const from = issuer == nullptr ? made.get() : issuer;
    good = good && X509_set_issuer_name(made.get(), X509_get_subject_name(from)) == 1;
    X509V3_CTX about;
    X509V3_set_ctx(&about, from, made.get(), nullptr, nullptr, 0);
    for (const auto& [id, text] : wanted.extensions) {
        const extension_ptr each(X509V3_EXT_conf_nid(nullptr, &about, id, text.c_str()));
        good = good && each && X509_add_ext(made.get(), each.get(), -1) == 1;
    }
    good = good && X509_sign(made.get(), signer, EVP_sha256()) > 0;
    ERR_clear_error();
    if (!good)
        made.reset();
    return made;
}

error not_made() {
    return error("authority_invalid", "OpenSSL could not make a certificate with the fleet's authority");
}

} // namespace

authority::authority(base::secret key, std::string certificate)
    : key_(std::move(key))
    , certificate_(std::move(certificate))
    , facts_(net::facts_of(certificate_of(certificate_).get())) {}

result<authority> authority::init(const std::filesystem::path& folder, base::wall_time now) {
    if (base::is_there(folder / "ca.key") || base::is_there(folder / "ca.pem"))
        return error("exists", "there is an authority in " + folder.string() +
                                   " already; its agents would be lost with it. To begin anew, move the folder away");
    auto key = make_key();
    const auto pair = key_of(key.reveal());
    wanted_certificate wanted;
    wanted.serial = next_serial({});
    wanted.name = "ferrule fleet " + wanted.serial.substr(wanted.serial.size() - 8);
    wanted.not_before = now - std::chrono::floor<std::chrono::milliseconds>(head_start);
    wanted.not_after = now + std::chrono::floor<std::chrono::milliseconds>(own_lifetime);
    wanted.extensions.emplace_back(NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    wanted.extensions.emplace_back(NID_key_usage, "critical,keyCertSign,cRLSign");
    wanted.extensions.emplace_back(NID_subject_key_identifier, "hash");
    const auto made = make_certificate(wanted, pair.get(), nullptr, pair.get());
    if (!made)
        return not_made();
    auto certificate = to_pem(made.get());
    // The key last: with it the authority is whole.
    if (auto written = base::write_file(folder / "ca.pem", certificate, 0644); !written)
        return written.error();
    if (auto written = base::make_private(folder / "ca.key", key.reveal()); !written)
        return written.error();
    return authority(std::move(key), std::move(certificate));
}

result<authority> authority::open(const std::filesystem::path& folder) {
    if (!base::is_there(folder / "ca.key"))
        return error("no_authority", "there is no authority for agents in " + folder.string() +
                                         ": run `ferrule ca init` with this configuration first");
    auto key = base::read_private(folder / "ca.key");
    if (!key)
        return key.error();
    auto certificate = base::read_public(folder / "ca.pem");
    if (!certificate)
        return certificate.error();
    const auto read = certificate_of(*certificate);
    const auto pair = key_of(key->reveal());
    const bool fits = read && pair && X509_check_private_key(read.get(), pair.get()) == 1;
    ERR_clear_error();
    if (!fits)
        return error("authority_invalid",
                     "ca.key and ca.pem in " + folder.string() +
                         " are not a key and the certificate that belongs to it: restore both from a backup");
    return authority(std::move(*key), std::move(*certificate));
}

result<issued> authority::sign_agent(const std::string& request, const std::string& name, base::wall_time now,
                                     base::duration lifetime, const std::string& after) const {
    const auto read = request_of(request);
    if (!read)
        return error("invalid_csr", "the certificate request cannot be read");
    wanted_certificate wanted;
    wanted.name = name;
    wanted.serial = next_serial(after);
    wanted.not_before = now - std::chrono::floor<std::chrono::milliseconds>(head_start);
    wanted.not_after = now + std::chrono::floor<std::chrono::milliseconds>(lifetime);
    wanted.extensions.emplace_back(NID_basic_constraints, "critical,CA:FALSE");
    wanted.extensions.emplace_back(NID_key_usage, "critical,digitalSignature");
    wanted.extensions.emplace_back(NID_ext_key_usage, "clientAuth");
    const auto root = certificate_of(certificate_);
    const auto signer = key_of(key_.reveal());
    const auto made = make_certificate(wanted, X509_REQ_get0_pubkey(read.get()), root.get(), signer.get());
    if (!made)
        return not_made();
    issued out;
    out.pem = to_pem(made.get());
    out.facts = net::facts_of(made.get());
    return out;
}

result<net::tls_identity> authority::make_server(const std::string& name, base::wall_time now,
                                                 base::duration lifetime) const {
    net::tls_identity out;
    out.key = make_key();
    wanted_certificate wanted;
    wanted.name = name;
    wanted.serial = next_serial({});
    wanted.not_before = now - std::chrono::floor<std::chrono::milliseconds>(head_start);
    wanted.not_after = now + std::chrono::floor<std::chrono::milliseconds>(lifetime);
    wanted.extensions.emplace_back(NID_basic_constraints, "critical,CA:FALSE");
    wanted.extensions.emplace_back(NID_key_usage, "critical,digitalSignature");
    wanted.extensions.emplace_back(NID_ext_key_usage, "serverAuth");
    const auto root = certificate_of(certificate_);
    const auto signer = key_of(key_.reveal());
    const auto pair = key_of(out.key.reveal());
    const auto made = make_certificate(wanted, pair.get(), root.get(), signer.get());
    if (!made)
        return not_made();
    out.certificate = to_pem(made.get());
    out.authority = certificate_;
    return out;
}

} // namespace ferrule::fleet::pki
