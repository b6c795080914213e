// SPDX-License-Identifier: Apache-2.0
// TLS contexts, made once for all measurements with the same authorities and certificate.
#pragma once

#include "common/tls_settings.hpp"

#include <ferrule/sdk/error.hpp>
#include <ferrule/sdk/event.hpp>
#include <ferrule/sdk/task.hpp>

#include <openssl/ssl.h>

#include <map>
#include <memory>
#include <string>

namespace ferrule::probes {

using tls_context = std::shared_ptr<SSL_CTX>;

/// Reading a bundle of authorities takes milliseconds, a handshake does not; so contexts are kept as long as the files
/// behind them stay the same, and made on the blocking pool. One for each instance; strand only.
class tls_contexts {
  public:
    /// The context for the settings, which must live until it is there. Fails with `tls_files`, naming the file and
    /// what is wrong with it, or with `busy`.
    sdk::task<sdk::result<tls_context>> get(const tls_settings& wanted);

  private:
    struct entry {
        tls_context made;
        std::shared_ptr<sdk::event> loading; ///< Set while somebody makes it.
    };

    std::map<std::string, entry> known_;
};

} // namespace ferrule::probes
