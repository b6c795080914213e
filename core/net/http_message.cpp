#include "net/http_message.hpp"

namespace ferrule::net {

http_request::http_request() = default;

http_request::http_request(std::string wanted_method, std::string wanted_url)
    : method(std::move(wanted_method))
    , url(std::move(wanted_url)) {}

http_request::http_request(const http_request&) = default;
http_request::http_request(http_request&&) noexcept = default;
http_request& http_request::operator=(const http_request&) = default;
http_request& http_request::operator=(http_request&&) noexcept = default;
http_request::~http_request() = default;

} // namespace ferrule::net
