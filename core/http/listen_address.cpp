#include "http/listen_address.hpp"

#include <cstring>

namespace ferrule::http {

std::string peer_text(const asio::generic::stream_protocol::socket& socket) {
    boost::system::error_code failed;
    const auto peer = socket.remote_endpoint(failed);
    const auto family = peer.data()->sa_family;
    if (failed || (family != AF_INET && family != AF_INET6))
        return "unix";
    asio::ip::tcp::endpoint endpoint;
    endpoint.resize(peer.size());
    std::memcpy(endpoint.data(), peer.data(), peer.size());
    const auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) // seen through a dual-stack listener
        endpoint.address(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()));
    return to_text(endpoint);
}

} // namespace ferrule::http
