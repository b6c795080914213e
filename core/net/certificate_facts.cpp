#include "net/certificate_facts.hpp"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

namespace ferrule::net {

namespace {

std::string hex(const unsigned char* bytes, std::size_t size) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(size * 2);
    for (std::size_t i = 0; i < size; ++i) {
        out += digits[bytes[i] >> 4U];
        out += digits[bytes[i] & 15U];
    }
    return out;
}

base::wall_time time_of(const ASN1_TIME* from) {
    std::tm parts{};
    if (from == nullptr || ASN1_TIME_to_tm(from, &parts) != 1)
        return {};
    return base::wall_time(std::chrono::seconds(timegm(&parts)));
}

std::string common_name(const X509* from) {
    const auto* subject = X509_get_subject_name(from);
    const int at = subject == nullptr ? -1 : X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0)
        return {};
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (size < 0)
        return {};
    std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return out;
}

} // namespace

certificate_facts facts_of(const X509* certificate) {
    certificate_facts out;
    if (certificate == nullptr)
        return out;
    out.name = common_name(certificate);
    if (const auto* serial = X509_get0_serialNumber(certificate); serial != nullptr)
        out.serial = hex(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial)));
    std::array<unsigned char, 32> digest{};
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1)
        out.fingerprint = hex(digest.data(), size);
    out.not_before = time_of(X509_get0_notBefore(certificate));
    out.not_after = time_of(X509_get0_notAfter(certificate));
    return out;
}

certificate_facts fit_to_show(certificate_facts of) {
    constexpr std::size_t longest_name = 128;
    constexpr std::size_t longest_serial = 64;
    of.name.resize(std::min(of.name.size(), longest_name));
    std::replace_if(
        of.name.begin(), of.name.end(), [](char each) { return each < ' ' || each > '~'; }, '?');
    of.serial.resize(std::min(of.serial.size(), longest_serial));
    return of;
}

std::string openssl_reason() {
    std::string out;
    while (const auto code = ERR_get_error())
        if (const char* text = ERR_reason_error_string(code); text != nullptr && out.empty())
            out = text;
    return out.empty() ? "OpenSSL gave no reason" : out;
}

} // namespace ferrule::net
