// SPDX-License-Identifier: Apache-2.0
// One request and its answer, over a connection of its own.
#pragma once

#include "common/measurement.hpp"
#include "common/stream.hpp"
#include "common/tls_contexts.hpp"
#include "http/answer_reader.hpp"
#include "http/web_request.hpp"

#include <memory>

namespace ferrule::probes::http {

/// Resolves, connects (through the proxy when there is one), secures, asks and reads; each adds to its phase of the
/// measurement. What it refers to must outlive it. The connection is closed with RST when it goes, so that no port is
/// left waiting.
class exchange {
  public:
    exchange(sdk::strand& home, measurement& found, tls_contexts& contexts, const settings& how)
        : found_(&found)
        , contexts_(&contexts)
        , how_(&how)
        , connection_(home, found.deadline(), found.limit()) {}

    /// Throws sdk::failure when the settings name files that cannot be used. A redirect that is to be followed is read
    /// up to its body.
    sdk::task<maybe_fault> run(const request& what, body& into);

    [[nodiscard]] const response_head& head() const { return reader_->head(); }

    [[nodiscard]] bool answered() const { return reader_ != nullptr && reader_->has_head(); }

    /// Whether the body came in a compression that was asked for.
    [[nodiscard]] bool compressed() const;

    /// Tells the measurement what the server's certificates say.
    void describe() const;

  private:
    sdk::task<maybe_fault> connect(const request& what);
    sdk::task<maybe_fault> open_tunnel(const request& what);
    sdk::task<maybe_fault> open_socks(const request& what);
    sdk::task<maybe_fault> secure(const request& what);
    sdk::task<maybe_fault> ask(const request& what, body& into);
    sdk::task<maybe_fault> receive(bool follow);
    [[nodiscard]] fault broken() const;

    measurement* found_;
    tls_contexts* contexts_;
    const settings* how_;
    stream connection_;
    std::unique_ptr<answer_reader> reader_;
    tls_settings tls_;
};

} // namespace ferrule::probes::http
