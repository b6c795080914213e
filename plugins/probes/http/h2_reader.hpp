// SPDX-License-Identifier: Apache-2.0
// One exchange over HTTP/2. No sockets and no clock.
#pragma once

#include "http/answer_reader.hpp"
#include "http/web_request.hpp"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string>

namespace ferrule::probes::http {

/// nghttp2's client with one stream: its output begins with the request. Throws sdk::failure when there is no memory.
class h2_reader final : public answer_reader {
  public:
    h2_reader(const request& what, body& into, body_begins begin);

    bool put(std::string_view bytes) override;
    bool end() override;
    std::string output() override;

  private:
    struct session_free {
        void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
    };

    struct events; ///< nghttp2's callbacks.

    void submit(const request& what);

    std::unique_ptr<nghttp2_session, session_free> session_;
    std::string body_;
    std::size_t sent_ = 0;
    std::int32_t stream_ = 0;
};

} // namespace ferrule::probes::http
