#include "http/request_reader.hpp"

#include <boost/beast/http/error.hpp>

#include <utility>

namespace ferrule::http {

namespace {

constexpr std::size_t read_size = 8 * 1024;
constexpr std::size_t body_read_size = 64 * 1024;

} // namespace

request_reader::request_reader(const limits& wanted)
    : limits_(wanted) {
    next();
}

void request_reader::next() {
    current_.clear();
    parser_.emplace(current_, limits_.header, limits_.headers, limits_.body);
    continue_said_ = false;
}

asio::mutable_buffer request_reader::prepare() {
    return input_.prepare(parser_->is_header_done() ? body_read_size : read_size);
}

void request_reader::commit(std::size_t size) {
    input_.commit(size);
}

bool request_reader::cap_body(std::size_t most, const base::error& why) {
    parser_->cap_body(most, why);
    return current_.body.size() <= most;
}

request_reader::step request_reader::advance() {
    if (refused_)
        return step::refused;
    if (parser_->is_done())
        return step::complete;
    if (!skip_empty_lines())
        return step::need_input;
    boost::system::error_code fault;
    while (input_.size() >= least_input() && !parser_->is_done()) {
        const auto taken = parser_->put(input_.cdata(), fault);
        input_.consume(taken);
        if (fault == boost::beast::http::error::need_more)
            break;
        if (fault)
            return refuse(parser_->refusal() ? *parser_->refusal() : explain(fault));
    }
    if (parser_->is_done())
        return step::complete;
    // Beast waits without limit for the end of a chunk's extensions or of the trailers.
    if (input_.size() > limits_.header)
        return refuse(parser_->is_header_done() ? error("bad_request", "the body's chunks cannot be read")
                                                : explain(boost::beast::http::error::header_limit));
    if (parser_->wants_continue() && !std::exchange(continue_said_, true) && input_.size() == 0)
        return step::send_continue;
    return step::need_input;
}

// Beast (1.81) asserts that there are five bytes when it comes back to the last chunk. No chunked body ends in fewer
// (`0`, CRLF, CRLF), so nothing is delayed by waiting for them.
std::size_t request_reader::least_input() const {
    return parser_->is_header_done() && parser_->chunked() ? 5 : 1;
}

// RFC 9112 section 2.2: an empty line before the request line is ignored; some clients send one after a body.
// False when it takes another byte to tell.
bool request_reader::skip_empty_lines() {
    while (!parser_->got_some() && input_.size() > 0) {
        const auto* const bytes = static_cast<const char*>(input_.cdata().data());
        if (bytes[0] != '\r')
            break;
        if (input_.size() < 2)
            return false;
        if (bytes[1] != '\n')
            break;
        input_.consume(2);
    }
    return true;
}

request_reader::step request_reader::refuse(base::error why) {
    refusal_ = std::move(why);
    refused_ = true;
    return step::refused;
}

base::error request_reader::explain(const boost::system::error_code& fault) const {
    using boost::beast::http::error;
    if (fault == error::header_limit)
        return base::error("header_too_large",
                           "the request's header exceeds the limit of " + std::to_string(limits_.header) + " bytes");
    if (fault == error::body_limit)
        return base::error("body_too_large",
                           "the request's body exceeds the limit of " + std::to_string(limits_.body) + " bytes");
    if (fault == error::bad_version)
        return base::error("version_unsupported", "only HTTP/1.1 and HTTP/1.0 are spoken here");
    if (fault == error::bad_transfer_encoding)
        return base::error("bad_request", "Content-Length and Transfer-Encoding exclude each other");
    return base::error("bad_request", "the request cannot be read: " + fault.message());
}

} // namespace ferrule::http
