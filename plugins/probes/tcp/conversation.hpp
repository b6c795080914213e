// SPDX-License-Identifier: Apache-2.0
// Holding the conversation of a TCP measurement.
#pragma once

#include "common/measurement.hpp"
#include "common/stream.hpp"
#include "common/tls_contexts.hpp"
#include "tcp/dialog.hpp"
#include "tcp/settings.hpp"

#include <string>

namespace ferrule::probes::tcp {

/// One connection that is made, secured and talked over. What it refers to must outlive it.
class conversation {
  public:
    conversation(stream& connection, measurement& found, tls_contexts& contexts, const settings& how, std::string host)
        : connection_(&connection)
        , found_(&found)
        , contexts_(&contexts)
        , how_(&how)
        , host_(std::move(host))
        , received_(how.max_bytes) {}

    /// Begins TLS, and tells the measurement what it found in the peer's certificates, good or not. Throws sdk::failure
    /// when the settings name files that cannot be used.
    sdk::task<maybe_fault> secure();

    /// Goes through the steps.
    sdk::task<maybe_fault> talk();

  private:
    sdk::task<maybe_fault> expect(const step& now);
    sdk::task<maybe_fault> say(const step& now);
    [[nodiscard]] fault mismatch(find_status how, const step& now);

    stream* connection_;
    measurement* found_;
    tls_contexts* contexts_;
    const settings* how_;
    std::string host_;
    received received_;
    captures caught_;
};

} // namespace ferrule::probes::tcp
