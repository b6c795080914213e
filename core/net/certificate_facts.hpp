// What a certificate says, in a form that can be logged and compared.
#pragma once

#include <openssl/types.h>

#include <string>

#include "base/clock.hpp"

namespace ferrule::net {

/// The parts of an X.509 certificate that decide who the peer is.
struct certificate_facts {
    std::string name;        ///< The subject's common name.
    std::string serial;      ///< Lower-case hexadecimal.
    std::string fingerprint; ///< SHA-256 of its DER, lower-case hexadecimal.
    base::wall_time not_before{};
    base::wall_time not_after{};
};

/// Never fails; what a certificate does not have stays empty.
certificate_facts facts_of(const X509* certificate);

/// What may be shown of a certificate that nobody we trust has signed: whoever made it chose how long its name and its
/// serial number are, and what is in them. At most 128 bytes of the name and 64 of the number, printable ASCII.
certificate_facts fit_to_show(certificate_facts of);

/// OpenSSL's oldest reason of this thread's error queue, which is emptied.
std::string openssl_reason();

} // namespace ferrule::net
