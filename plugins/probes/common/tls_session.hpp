// SPDX-License-Identifier: Apache-2.0
// One TLS connection over a socket that never blocks.
#pragma once

#include "common/fault.hpp"
#include "common/tls_contexts.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ferrule::probes {

/// What the next step needs.
enum class tls_need : std::uint8_t { nothing, to_read, to_write, ended, failed };

/// OpenSSL's client over a descriptor: each function goes as far as it can without waiting and says what it needs to go
/// on. Never raises SIGPIPE. Keeps why a certificate was refused, and the chain that the peer sent, also when the
/// handshake fails.
class tls_session {
  public:
    /// `host` is what the user wants to reach, unless the settings name another server. Throws sdk::failure when
    /// OpenSSL cannot make it.
    tls_session(tls_context context, const tls_settings& how, const std::string& host, int fd);

    tls_session(const tls_session&) = delete;
    tls_session& operator=(const tls_session&) = delete;

    tls_need handshake();
    tls_need write(std::string_view data, std::size_t& written);
    tls_need read(char* into, std::size_t size, std::size_t& got);
    /// Says goodbye, as far as that goes without waiting.
    void close() noexcept;

    /// Why the last step failed; `phase` is that of the step.
    [[nodiscard]] fault why(sdk::probe_phase phase, const std::string& peer) const;

    /// The protocol that the peer chose of those offered; empty when it chose none.
    [[nodiscard]] std::string_view protocol() const noexcept;

    /// What the peer sent as its chain, nullptr before that.
    [[nodiscard]] const STACK_OF(X509) * sent_chain() const noexcept;

    [[nodiscard]] SSL* raw() const noexcept { return tls_.get(); }

  private:
    struct chain_free {
        void operator()(STACK_OF(X509) * chain) const noexcept { sk_X509_pop_free(chain, X509_free); }
    };

    static int on_verify(int good, X509_STORE_CTX* about);
    void note_refusal(X509_STORE_CTX* about);
    tls_need judge(int returned);

    tls_context context_;
    std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
    std::string expected_name_;
    std::string refusal_; ///< What is wrong with the certificate.
    std::string problem_; ///< What the library says otherwise.
    std::unique_ptr<STACK_OF(X509), chain_free> refused_chain_;
    int system_error_ = 0;
};

} // namespace ferrule::probes
