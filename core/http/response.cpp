#include "http/response.hpp"

#include "base/strings.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace ferrule::http {

namespace {

bool is_token(std::string_view name) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               others.find(c) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

std::string_view find_in_block(std::string_view block, std::string_view name) {
    while (!block.empty()) {
        const auto end = block.find("\r\n");
        const auto line = block.substr(0, end);
        const auto colon = line.find(':');
        if (base::equals_ignoring_case(line.substr(0, colon), name))
            return base::trim(line.substr(colon + 1));
        block.remove_prefix(end + 2);
    }
    return {};
}

void append_number(std::string& out, std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

void append_status_line(std::string& out, unsigned status) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
        return;
    }
    const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    out += "HTTP/1.1 ";
    append_number(out, status);
    out += ' ';
    out.append(reason.data(), reason.size());
    out += "\r\n";
}

} // namespace

response::response(unsigned status, std::string_view fields, std::string body)
    : status_(status)
    , fields_(fields)
    , body_(std::move(body)) {}

response::response(unsigned status, std::string_view fields, std::shared_ptr<const std::string> body)
    : status_(status)
    , fields_(fields)
    , shared_(std::move(body)) {}

response::response(unsigned status, std::string_view fields, stream_body body)
    : status_(status)
    , fields_(fields)
    , stream_(std::move(body)) {}

response::response(response&&) noexcept = default;
response& response::operator=(response&&) noexcept = default;
response::~response() = default;

response& response::add(std::string_view name, std::string_view value) {
    if (!is_token(name) || !is_field_value(value))
        throw std::invalid_argument("the response header \"" + std::string(name) + "\" cannot be sent as it is");
    added_.append(name).append(": ").append(value).append("\r\n");
    return *this;
}

response& response::close_after() noexcept {
    close_ = true;
    return *this;
}

std::string_view response::header(std::string_view name) const noexcept {
    const auto found = find_in_block(fields_, name);
    return found.empty() ? find_in_block(added_, name) : found;
}

void response::write_head(std::string& out, const framing& how) const {
    append_status_line(out, status_);
    out.append("Date: ").append(how.date).append("\r\n");
    out.append(fields_).append(added_);
    if (!how.request_id.empty())
        out.append("X-Request-Id: ").append(how.request_id).append("\r\n");
    if (stream_) {
        if (how.version >= 11)
            out += "Transfer-Encoding: chunked\r\n";
    } else if (status_ != 204 && status_ != 304) {
        out += "Content-Length: ";
        append_number(out, body().size());
        out += "\r\n";
    }
    if (!how.keep_alive)
        out += "Connection: close\r\n";
    else if (how.version < 11)
        out += "Connection: keep-alive\r\n";
    out += "\r\n";
}

} // namespace ferrule::http
