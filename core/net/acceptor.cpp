#include "net/acceptor.hpp"

#include "net/listen_address.hpp"

#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/ip/v6_only.hpp>

namespace ferrule::net {

using asio::ip::tcp;

result<tcp::acceptor> open_acceptor(const asio::any_io_executor& on, const std::string& address,
                                    const std::string& setting) {
    const auto endpoint = parse_listen_address(address);
    if (!endpoint)
        return endpoint.error();
    tcp::acceptor made(on);
    boost::system::error_code failed;
    made.open(endpoint->protocol(), failed);
    if (!failed)
        made.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed && endpoint->address().is_v6())
        made.set_option(asio::ip::v6_only(!address.starts_with('*')), failed);
    if (!failed)
        made.bind(*endpoint, failed);
    if (!failed)
        made.listen(asio::socket_base::max_listen_connections, failed);
    if (failed)
        return failed_to_listen(address, failed, setting);
    return made;
}

std::string origin_of(const asio::ip::address& from) {
    if (from.is_v4())
        return from.to_string();
    const auto v6 = from.to_v6();
    if (v6.is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_string();
    return asio::ip::network_v6(v6, 56).canonical().to_string();
}

std::string origin_of_peer(std::string_view endpoint) {
    auto host = endpoint.substr(0, endpoint.rfind(':'));
    if (host.size() > 1 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    boost::system::error_code failed;
    const auto address = asio::ip::make_address(std::string(host), failed);
    return failed ? std::string(endpoint) : origin_of(address);
}

} // namespace ferrule::net
