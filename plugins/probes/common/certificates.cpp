// SPDX-License-Identifier: Apache-2.0
#include "common/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace ferrule::probes {

namespace {

std::string hex(std::span<const unsigned char> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const auto byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string text_of(const X509_NAME* name) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
    char* text = nullptr;
    const auto size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string serial_of(const X509* certificate) {
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
        ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr), &BN_free);
    std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
    BN_bn2bin(number.get(), bytes.data());
    return hex(bytes);
}

std::string fingerprint_of(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    X509_digest(certificate, EVP_sha256(), out.data(), &size);
    return hex(std::span(out.data(), size));
}

std::string address_text(const ASN1_OCTET_STRING* raw) {
    std::array<char, INET6_ADDRSTRLEN> out{};
    const int size = ASN1_STRING_length(raw);
    if (size == 4 || size == 16) {
        inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(raw), out.data(), out.size());
    }
    return out.data();
}

/// The alternative names of one kind, with commas between them.
std::string alternatives(const X509* certificate, int kind) {
    const auto free_names = [](GENERAL_NAMES* names) { GENERAL_NAMES_free(names); };
    const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)), free_names);
    std::string out;
    for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const auto* each = sk_GENERAL_NAME_value(names.get(), i);
        if (each->type != kind) {
            continue;
        }
        out += out.empty() ? "" : ",";
        if (kind == GEN_IPADD) {
            out += address_text(each->d.iPAddress);
        } else {
            out.append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(each->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(each->d.dNSName)));
        }
    }
    return out;
}

long long earliest_expiry(const STACK_OF(X509) * chain) {
    long long earliest = std::numeric_limits<long long>::max();
    for (int i = 0; i < sk_X509_num(chain); ++i) {
        earliest = std::min(earliest, unix_time(X509_get0_notAfter(sk_X509_value(chain, i))));
    }
    return earliest;
}

} // namespace

void describe_chain(const STACK_OF(X509) * chain, measurement& into) {
    if (chain == nullptr || sk_X509_num(chain) == 0) {
        return;
    }
    const auto* first = sk_X509_value(chain, 0);
    const auto expiry = static_cast<double>(earliest_expiry(chain));
    into.metric("ssl_earliest_cert_expiry", expiry);
    into.metric("certificate_days", (expiry - static_cast<double>(std::time(nullptr))) / 86'400);
    into.label("ssl_fingerprint_sha256", fingerprint_of(first));
    into.label("ssl_subject", text_of(X509_get_subject_name(first)));
    into.label("ssl_issuer", text_of(X509_get_issuer_name(first)));
    into.label("ssl_subjectalternative", alternatives(first, GEN_DNS));
    if (const auto addresses = alternatives(first, GEN_IPADD); !addresses.empty()) {
        into.label("ssl_ip_addresses", addresses);
    }
    into.label("ssl_serialnumber", serial_of(first));
}

void describe_handshake(SSL* tls, measurement& into) {
    describe_chain(SSL_get_peer_cert_chain(tls), into);
    if (SSL_get_verify_mode(tls) != SSL_VERIFY_NONE) {
        if (const auto* verified = SSL_get0_verified_chain(tls)) {
            into.metric("ssl_last_chain_expiry_timestamp_seconds", static_cast<double>(earliest_expiry(verified)));
        }
    }
    const std::string version = SSL_get_version(tls);
    into.label("tls_version", version == "TLSv1" ? "TLS 1.0" : "TLS " + version.substr(version.find('v') + 1));
}

std::string names_of(const X509* certificate) {
    auto names = alternatives(certificate, GEN_DNS);
    const auto addresses = alternatives(certificate, GEN_IPADD);
    names += names.empty() || addresses.empty() ? addresses : "," + addresses;
    return names.empty() ? text_of(X509_get_subject_name(certificate)) : names;
}

long long unix_time(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<long long>(::timegm(&parts)) : 0;
}

std::string time_text(const ASN1_TIME* time) {
    std::tm parts{};
    ASN1_TIME_to_tm(time, &parts);
    std::array<char, 64> out{};
    return {out.data(), std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

} // namespace ferrule::probes
