// SPDX-License-Identifier: Apache-2.0
#include "common/tls_session.hpp"

#include "common/certificates.hpp"
#include "common/endpoint.hpp"
#include "common/quiet_bio.hpp"
#include "common/sockets.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <cerrno>

namespace ferrule::probes {

namespace {

/// For the verify callback, which gets nothing else.
int session_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

std::string problem_words(unsigned long code) {
    switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
        return "what the server sends is not TLS; is this the right port, or does it want STARTTLS?";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "server and probe have no version of TLS in common; look at min_version and max_version";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return "the server closed the connection in the middle of it";
    default:
        break;
    }
    const char* reason = ERR_reason_error_string(code);
    const std::string words = reason != nullptr ? reason : "the TLS library gives no reason";
    const bool alert = words.find("alert") != std::string::npos;
    return alert ? "the server refused it: " + words.substr(words.find("alert") + 6) : words;
}

} // namespace

tls_session::tls_session(tls_context context, const tls_settings& how, const std::string& host, int fd)
    : context_(std::move(context))
    , tls_(SSL_new(context_.get()), &SSL_free)
    , expected_name_(how.server_name.empty() ? host : how.server_name) {
    auto* bio = tls_ == nullptr ? nullptr : make_quiet_bio(fd);
    if (bio == nullptr) {
        throw sdk::failure(sdk::error("internal", "OpenSSL has no memory for a connection.", true));
    }
    SSL_set_bio(tls_.get(), bio, bio);
    SSL_set_connect_state(tls_.get());
    if (how.min_version != 0) {
        SSL_set_min_proto_version(tls_.get(), how.min_version);
    }
    if (how.max_version != 0) {
        SSL_set_max_proto_version(tls_.get(), how.max_version);
    }
    if (!how.alpn.empty()) {
        SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(how.alpn.data()),
                            static_cast<unsigned>(how.alpn.size()));
    }
    const bool literal = parse_address(expected_name_).has_value();
    if (!literal) {
        SSL_set_tlsext_host_name(tls_.get(), expected_name_.c_str());
    }
    SSL_set_ex_data(tls_.get(), session_index(), this);
    if (!how.verify) {
        SSL_set_verify(tls_.get(), SSL_VERIFY_NONE, nullptr);
        return;
    }
    SSL_set_verify(tls_.get(), SSL_VERIFY_PEER, &on_verify);
    if (literal) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), expected_name_.c_str());
    } else {
        SSL_set_hostflags(tls_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        SSL_set1_host(tls_.get(), expected_name_.c_str());
    }
}

int tls_session::on_verify(int good, X509_STORE_CTX* about) {
    if (good == 0) {
        auto* tls = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(about, SSL_get_ex_data_X509_STORE_CTX_idx()));
        static_cast<tls_session*>(SSL_get_ex_data(tls, session_index()))->note_refusal(about);
    }
    return good;
}

void tls_session::note_refusal(X509_STORE_CTX* about) {
    refused_chain_.reset(X509_chain_up_ref(X509_STORE_CTX_get0_untrusted(about)));
    const auto* leaf = X509_STORE_CTX_get0_cert(about);
    const auto* which = X509_STORE_CTX_get_current_cert(about);
    which = which == nullptr ? leaf : which;
    const int code = X509_STORE_CTX_get_error(about);
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        refusal_ = "it expired at " + time_text(X509_get0_notAfter(which));
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        refusal_ = "it is not valid before " + time_text(X509_get0_notBefore(which));
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        refusal_ = "it is for " + names_of(leaf) + ", not for " + expected_name_;
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        refusal_ = std::string("its authority is unknown (") + X509_verify_cert_error_string(code) +
                   "); set ca_file to trust it";
        break;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        refusal_ = "it is not signed by the trusted authority of that name";
        break;
    default:
        refusal_ = X509_verify_cert_error_string(code);
        break;
    }
    if (which != leaf) {
        refusal_ += " (an authority in its chain)";
    }
}

tls_need tls_session::judge(int returned) {
    const int saved = errno;
    switch (SSL_get_error(tls_.get(), returned)) {
    case SSL_ERROR_NONE:
        return tls_need::nothing;
    case SSL_ERROR_WANT_READ:
        return tls_need::to_read;
    case SSL_ERROR_WANT_WRITE:
        return tls_need::to_write;
    case SSL_ERROR_ZERO_RETURN:
        return tls_need::ended;
    case SSL_ERROR_SYSCALL:
        system_error_ = saved;
        return tls_need::failed;
    default:
        problem_ = problem_words(ERR_peek_last_error());
        return tls_need::failed;
    }
}

tls_need tls_session::handshake() {
    ERR_clear_error();
    errno = 0;
    return judge(SSL_do_handshake(tls_.get()));
}

tls_need tls_session::write(std::string_view data, std::size_t& written) {
    ERR_clear_error();
    errno = 0;
    written = 0;
    return judge(SSL_write_ex(tls_.get(), data.data(), data.size(), &written));
}

tls_need tls_session::read(char* into, std::size_t size, std::size_t& got) {
    ERR_clear_error();
    errno = 0;
    got = 0;
    return judge(SSL_read_ex(tls_.get(), into, size, &got));
}

void tls_session::close() noexcept {
    if (SSL_is_init_finished(tls_.get()) == 1) {
        SSL_shutdown(tls_.get());
    }
    ERR_clear_error();
}

fault tls_session::why(sdk::probe_phase phase, const std::string& peer) const {
    if (!refusal_.empty()) {
        return {phase, peer + ": the certificate is refused: " + refusal_ + "."};
    }
    if (system_error_ != 0) {
        return peer_fault(system_error_, phase, peer);
    }
    const std::string what = phase == sdk::probe_phase::tls ? ": the TLS handshake failed: " : ": TLS failed: ";
    return {phase, peer + what +
                       (problem_.empty() ? "the server closed the connection in the middle of it" : problem_) +
                       (problem_.ends_with('?') ? "" : ".")};
}

std::string_view tls_session::protocol() const noexcept {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

const STACK_OF(X509) * tls_session::sent_chain() const noexcept {
    return refused_chain_ != nullptr ? refused_chain_.get() : SSL_get_peer_cert_chain(tls_.get());
}

} // namespace ferrule::probes
