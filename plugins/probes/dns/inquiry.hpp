// SPDX-License-Identifier: Apache-2.0
// Asking one DNS server one question.
#pragma once

#include "common/measurement.hpp"
#include "common/stream.hpp"
#include "common/tls_contexts.hpp"
#include "dns/settings.hpp"

#include <string>

namespace ferrule::probes::dns {

/// One question, over the transports that the settings allow. What it refers to must outlive it.
class inquiry {
  public:
    inquiry(sdk::strand& home, measurement& found, tls_contexts& contexts, const settings& how, std::string host);

    /// The answer. Phases `connect` and `request`, metric `attempts` and label `transport` go to the measurement.
    /// Throws sdk::failure when the settings name files that cannot be used.
    sdk::task<outcome<message>> ask(sdk::address server, std::uint16_t port);

  private:
    sdk::task<outcome<message>> ask_datagrams(endpoint server);
    sdk::task<outcome<message>> ask_stream(endpoint server);
    sdk::task<maybe_fault> secure(stream& connection);
    [[nodiscard]] bool claims_to_answer(std::string_view bytes) const;
    [[nodiscard]] outcome<message> understand(std::string_view bytes, const endpoint& server) const;

    sdk::strand* home_;
    measurement* found_;
    tls_contexts* contexts_;
    const settings* how_;
    std::string host_;
    std::uint16_t id_;
};

} // namespace ferrule::probes::dns
