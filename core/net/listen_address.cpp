#include "net/listen_address.hpp"

#include <charconv>

namespace ferrule::net {

namespace {

error unreadable(std::string_view text) {
    return error("listen_failed", "the listen address \"" + std::string(text) +
                                      "\" is not of the form 127.0.0.1:8520, [::1]:8520, *:8520 or unix:/path");
}

} // namespace

result<asio::ip::tcp::endpoint> parse_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return unreadable(text);
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size())
        return unreadable(text);
    if (host == "*")
        return asio::ip::tcp::endpoint(asio::ip::address_v6::any(), port);
    if (host == "localhost")
        return asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), port);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    boost::system::error_code failed;
    const auto address = asio::ip::make_address(std::string(host), failed);
    if (failed || address.is_v6() != bracketed)
        return unreadable(text);
    return asio::ip::tcp::endpoint(address, port);
}

std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
    auto host = endpoint.address().to_string();
    if (endpoint.address().is_v6())
        host = "[" + host + "]";
    return host + ":" + std::to_string(endpoint.port());
}

error failed_to_listen(const std::string& address, const boost::system::error_code& why, std::string_view setting) {
    namespace errc = boost::system::errc;
    const auto* remedy = why == errc::address_in_use ? "another process listens there: end it, or choose another port"
                         : why == errc::address_not_available ? "this machine does not have that address"
                         : why == errc::permission_denied     ? "this user may not: choose a port from 1024 on, or a "
                                                                "folder that it can write to"
                         : why == errc::no_such_file_or_directory ? "make its folder first"
                                                                  : nullptr;
    return error("listen_failed", "cannot listen on " + address + ": " + why.message() + "; " +
                                      (remedy != nullptr ? std::string(remedy)
                                                         : "see " + std::string(setting) + " in the configuration"));
}

} // namespace ferrule::net
