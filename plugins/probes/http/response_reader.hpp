// SPDX-License-Identifier: Apache-2.0
// Reading an answer of HTTP/1. No sockets and no clock.
#pragma once

#include "http/answer_reader.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::probes::http {

/// HTTP/1. As lenient as clients are with the ends of lines, and strict where the end of the answer depends on it.
class response_reader final : public answer_reader {
  public:
    /// The answer to HEAD, and one that opens a tunnel, has no body.
    response_reader(body& into, bool no_body, body_begins begin)
        : answer_reader(into, std::move(begin))
        , no_body_(no_body) {}

    bool put(std::string_view bytes) override;
    bool end() override;

  private:
    enum class state : std::uint8_t { head, counted, chunk_size, chunk, chunk_end, trailer, to_the_end };

    bool take_head(std::string_view& bytes);
    bool read_head();
    bool read_status(std::string_view line);
    bool read_header(std::string_view line);
    bool choose_body();
    bool read_length();
    bool take_line(std::string_view& bytes);
    bool take_chunk_size(std::string_view& bytes);
    bool take_chunk_end(std::string_view& bytes);
    bool take_body(std::string_view& bytes);
    bool take_trailer(std::string_view& bytes);

    std::string buffer_; ///< The head, or one line.
    std::uint64_t left_ = 0;
    std::size_t searched_ = 0;
    std::size_t trailer_ = 0;
    int interim_ = 0;
    state state_ = state::head;
    bool no_body_;
};

} // namespace ferrule::probes::http
