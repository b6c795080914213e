#include "http/request_parser.hpp"

#include "base/strings.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/url/parse.hpp>

#include <algorithm>
#include <array>

namespace ferrule::http {

namespace {

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

error too_large(std::uint32_t limit) {
    return error("header_too_large", "the request's header exceeds the limit of " + std::to_string(limit) + " bytes");
}

} // namespace

request_parser::request_parser(request& into, std::uint32_t header_limit, std::size_t headers_limit,
                               std::uint64_t body_limit)
    : into_(into)
    , header_limit_(header_limit)
    , headers_limit_(headers_limit) {
    this->header_limit(header_limit);
    this->body_limit(body_limit);
    eager(true);
}

void request_parser::on_request_impl(boost::beast::http::verb verb, text verb_text, text target, int version, fault&) {
    header_bytes_ = verb_text.size() + target.size() + 12;
    into_.start(verb, view(verb_text), view(target), static_cast<unsigned>(version));
}

void request_parser::on_response_impl(int, text, int, fault& ec) {
    ec = boost::beast::http::error::bad_version;
}

// Beast's own limit starts anew with every read, so what has been taken already is counted here.
void request_parser::on_field_impl(field id, text name, text value, fault& ec) {
    header_bytes_ += name.size() + value.size() + 4;
    if (header_bytes_ > header_limit_)
        return refuse(too_large(header_limit_), ec);
    if (is_header_done()) { // trailers mean nothing here
        if (++trailers_ > headers_limit_)
            refuse(error("header_too_large", "the request has too many trailers"), ec);
        return;
    }
    if (into_.header_count() == headers_limit_)
        return refuse(
            error("header_too_large", "the request has more than " + std::to_string(headers_limit_) + " headers"), ec);
    into_.add_header(id, view(name), view(value));
}

void request_parser::on_header_impl(fault& ec) {
    into_.keep_alive = keep_alive();
    for (const auto& found : {check_host(), check_coding(), check_single_headers()})
        if (found)
            return refuse(*found, ec);
    const auto expect = into_.header(field::expect);
    if (expect.empty())
        return;
    if (!base::equals_ignoring_case(expect, "100-continue"))
        return refuse(error("expectation_failed", "the only expectation that can be met is 100-continue"), ec);
    wants_continue_ = into_.version >= 11;
}

std::optional<base::error> request_parser::check_host() const {
    const auto hosts = into_.header_count(field::host);
    if (hosts > 1 || (hosts == 0 && into_.version >= 11))
        return error("bad_request", "an HTTP/1.1 request has exactly one Host header, this one has " +
                                        std::string(hosts == 0 ? "none" : "several"));
    const auto host = into_.header(field::host);
    const auto parsed = boost::urls::parse_authority({host.data(), host.size()});
    if (!parsed || parsed->has_userinfo())
        return error("bad_request", "the Host header is not a host with an optional port");
    return std::nullopt;
}

std::optional<base::error> request_parser::check_coding() const {
    const auto lengths = into_.header_count(field::content_length);
    if (lengths > 1 || into_.header(field::content_length).find(',') != std::string_view::npos)
        return error("bad_request", "a request has at most one Content-Length");
    const auto codings = into_.header_count(field::transfer_encoding);
    if (codings == 0)
        return std::nullopt;
    if (into_.version < 11 || lengths > 0)
        return error("bad_request", into_.version < 11 ? "HTTP/1.0 knows no Transfer-Encoding"
                                                       : "Content-Length and Transfer-Encoding exclude each other");
    if (codings > 1 || !base::equals_ignoring_case(into_.header(field::transfer_encoding), "chunked"))
        return error("transfer_encoding", "the only transfer coding that is understood is chunked");
    return std::nullopt;
}

std::optional<base::error> request_parser::check_single_headers() const {
    constexpr std::array names{field::authorization, field::content_type, field::expect};
    for (const auto name : names) {
        if (into_.header_count(name) < 2)
            continue;
        const auto shown = boost::beast::http::to_string(name);
        return error("bad_request", "the header " + std::string(shown.data(), shown.size()) + " stands more than once");
    }
    return std::nullopt;
}

void request_parser::on_body_init_impl(const boost::optional<std::uint64_t>& length, fault&) {
    constexpr std::uint64_t most_at_once = 64 * 1024;
    into_.has_body = true;
    if (length)
        into_.body.reserve(static_cast<std::size_t>(std::min(*length, most_at_once)));
}

std::size_t request_parser::on_body_impl(text piece, fault& ec) {
    return take_body(piece, ec);
}

void request_parser::on_chunk_header_impl(std::uint64_t, text, fault&) {}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, text piece, fault& ec) {
    return take_body(piece, ec);
}

std::size_t request_parser::take_body(text piece, fault& ec) {
    if (into_.body.size() + piece.size() > body_cap_) {
        refuse(over_cap_, ec);
        return 0;
    }
    into_.body.append(piece.data(), piece.size());
    return piece.size();
}

void request_parser::cap_body(std::size_t most, base::error why) {
    body_cap_ = most;
    over_cap_ = std::move(why);
}

void request_parser::on_finish_impl(fault&) {}

void request_parser::refuse(base::error why, fault& ec) {
    refusal_ = std::move(why);
    ec = boost::beast::http::error::bad_field;
}

} // namespace ferrule::http
