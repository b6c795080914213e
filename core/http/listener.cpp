#include "http/listener.hpp"

#include "base/log.hpp"
#include "http/listen_address.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/stat.h>
#include <unistd.h>

namespace ferrule::http {

using namespace std::chrono_literals;

namespace {

/// How long accepting rests when the process has no file descriptor left; nothing tells when one is free again.
constexpr base::duration rest_without_descriptors = 100ms;
/// Connections over the limit that are told so at the same time; more are closed without a word.
constexpr std::size_t most_refusals = 64;
/// Where the addresses come from.
constexpr std::string_view setting = "http.listen";

// A socket file that a dead process left behind refuses connections.
bool is_abandoned(const asio::local::stream_protocol::endpoint& endpoint) {
    asio::io_context here;
    asio::local::stream_protocol::socket probe(here);
    boost::system::error_code failed;
    probe.connect(endpoint, failed);
    return failed == asio::error::connection_refused;
}

} // namespace

listener::listener(std::shared_ptr<server_state> shared, std::shared_ptr<asio::ssl::context> context)
    : shared_(std::move(shared))
    , context_(std::move(context))
    , acceptor_(shared_->loop.make_strand())
    , retry_(acceptor_.get_executor()) {}

listener::~listener() {
    if (!unix_path_.empty())
        ::unlink(unix_path_.c_str());
}

result<void> listener::open(const std::string& address) {
    address_ = address;
    if (address.starts_with("unix:"))
        return open_unix(address.substr(5));
    return open_tcp(address);
}

result<void> listener::open_unix(const std::string& path) {
    if (path.empty() || path.size() > 107)
        return error("listen_failed", "the path of " + address_ + " must have 1 to 107 characters");
    const asio::local::stream_protocol::endpoint endpoint(path);
    boost::system::error_code failed;

    struct stat found {};

    if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode) && is_abandoned(endpoint))
        ::unlink(path.c_str());
    acceptor_.open(asio::generic::stream_protocol(asio::local::stream_protocol()), failed);
    if (!failed)
        acceptor_.bind(endpoint, failed);
    if (failed)
        return net::failed_to_listen(address_, failed, setting);
    unix_path_ = path;
    ::chmod(path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP);
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    return failed ? result<void>(net::failed_to_listen(address_, failed, setting)) : ok();
}

result<void> listener::open_tcp(const std::string& text) {
    const auto endpoint = parse_listen_address(text);
    if (!endpoint)
        return endpoint.error();
    boost::system::error_code failed;
    acceptor_.open(asio::generic::stream_protocol(endpoint->protocol()), failed);
    if (!failed)
        acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed && endpoint->address().is_v6())
        acceptor_.set_option(asio::ip::v6_only(!text.starts_with('*')), failed);
    if (!failed)
        acceptor_.bind(*endpoint, failed);
    if (!failed)
        acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed)
        return net::failed_to_listen(text, failed, setting);
    const auto bound = acceptor_.local_endpoint();
    asio::ip::tcp::endpoint taken = *endpoint;
    taken.resize(bound.size());
    std::memcpy(taken.data(), bound.data(), bound.size());
    address_ = to_text(taken);
    return ok();
}

void listener::start() {
    runtime::spawn(acceptor_.get_executor(), "http listener", accept_loop());
}

void listener::stop() {
    asio::post(acceptor_.get_executor(), [self = shared_from_this()] {
        boost::system::error_code ignored;
        self->acceptor_.close(ignored);
        self->retry_.cancel();
    });
}

asio::awaitable<void> listener::accept_loop() {
    const auto self = shared_from_this();
    while (acceptor_.is_open()) {
        boost::system::error_code failed;
        auto socket = co_await acceptor_.async_accept(shared_->connection_executor(),
                                                      asio::redirect_error(asio::use_awaitable, failed));
        if (!failed) {
            take(std::move(socket));
            continue;
        }
        if (failed == asio::error::no_descriptors || failed == boost::system::errc::too_many_files_open_in_system ||
            failed == asio::error::no_buffer_space || failed == asio::error::no_memory) {
            base::log::warn("http", "cannot accept for want of resources; raise the limit of open files",
                            {{"address", address_}, {"reason", failed.message()}});
            retry_.expires_after(rest_without_descriptors);
            co_await retry_.async_wait(asio::redirect_error(asio::use_awaitable, failed));
        }
    }
}

void listener::take(any_socket socket) {
    auto pass = shared_->open.enter();
    if (!pass)
        return;
    boost::system::error_code ignored;
    if (unix_path_.empty())
        socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto open_now = shared_->open.inside();
    const auto limit = shared_->wanted.max_connections;
    if (open_now > limit) {
        if (!context_ && open_now <= limit + most_refusals)
            serve_refusal(std::move(socket), std::move(*pass));
        return;
    }
    auto peer = peer_text(socket);
    if (context_ && unix_path_.empty())
        serve_tls(shared_, std::move(socket), std::move(peer), std::move(*pass), context_);
    else
        serve_plain(shared_, std::move(socket), std::move(peer), std::move(*pass));
}

} // namespace ferrule::http
