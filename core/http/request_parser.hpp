// The incremental parser under request_reader: Beast's grammar, our storage and our limits.
#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include <limits>
#include <optional>

#include "base/error.hpp"
#include "http/request.hpp"

namespace ferrule::http {

/// Parses one request into `into`, which must outlive it. Beast checks the grammar and the framing (a Content-Length
/// beside chunked coding, several lengths, bad chunks); this adds what it leaves open. Made anew for each request,
/// which costs next to nothing.
class request_parser final : public boost::beast::http::basic_parser<true> {
  public:
    request_parser(request& into, std::uint32_t header_limit, std::size_t headers_limit, std::uint64_t body_limit);

    /// What our own checks found; Beast's findings are in the error_code of put().
    [[nodiscard]] const std::optional<base::error>& refusal() const noexcept { return refusal_; }

    /// Refuses what comes of the body beyond `most` bytes with `why`.
    void cap_body(std::size_t most, base::error why);

    [[nodiscard]] bool wants_continue() const noexcept { return wants_continue_; }

  private:
    using text = boost::beast::string_view;
    using fault = boost::system::error_code;

    void on_request_impl(boost::beast::http::verb verb, text verb_text, text target, int version, fault& ec) override;
    void on_response_impl(int code, text reason, int version, fault& ec) override;
    void on_field_impl(field id, text name, text value, fault& ec) override;
    void on_header_impl(fault& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, fault& ec) override;
    std::size_t on_body_impl(text piece, fault& ec) override;
    void on_chunk_header_impl(std::uint64_t size, text extensions, fault& ec) override;
    std::size_t on_chunk_body_impl(std::uint64_t remain, text piece, fault& ec) override;
    void on_finish_impl(fault& ec) override;

    void refuse(base::error why, fault& ec);
    std::size_t take_body(text piece, fault& ec);
    [[nodiscard]] std::optional<base::error> check_host() const;
    [[nodiscard]] std::optional<base::error> check_coding() const;
    [[nodiscard]] std::optional<base::error> check_single_headers() const;

    request& into_;
    const std::uint32_t header_limit_;
    const std::size_t headers_limit_;
    std::size_t header_bytes_ = 0;
    std::size_t trailers_ = 0;
    bool wants_continue_ = false;
    std::size_t body_cap_ = std::numeric_limits<std::size_t>::max();
    base::error over_cap_;
    std::optional<base::error> refusal_;
};

} // namespace ferrule::http
