#include "net/web_socket_listener.hpp"

#include "base/log.hpp"
#include "net/listen_address.hpp"
#include "runtime/event.hpp"
#include "runtime/gate.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <mutex>
#include <unordered_set>

namespace ferrule::net {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

/// How long accepting rests when the process has no file descriptor left; nothing tells when one is free again.
constexpr base::duration rest_without_descriptors = std::chrono::milliseconds(100);

/// How long a refused peer may take to hear of it.
constexpr base::duration time_to_part = std::chrono::seconds(2);

} // namespace

class web_socket_listener::impl : public std::enable_shared_from_this<impl> {
  public:
    impl(runtime::io& loop, web_socket_listener_settings wanted, web_socket_events tell)
        : loop_(loop)
        , wanted_(std::move(wanted))
        , tell_(std::move(tell))
        , on_(loop.make_strand())
        , room_(on_) {
        room_.set();
    }

    result<void> open(const std::string& text) {
        const auto endpoint = parse_listen_address(text);
        if (!endpoint)
            return endpoint.error();
        tcp::acceptor made(on_);
        error_code failed;
        made.open(endpoint->protocol(), failed);
        if (!failed)
            made.set_option(asio::socket_base::reuse_address(true), failed);
        if (!failed && endpoint->address().is_v6())
            made.set_option(asio::ip::v6_only(!text.starts_with('*')), failed);
        if (!failed)
            made.bind(*endpoint, failed);
        if (!failed)
            made.listen(asio::socket_base::max_listen_connections, failed);
        if (failed)
            return failed_to_listen(text, failed, wanted_.setting);
        addresses_.push_back(to_text(made.local_endpoint()));
        acceptors_.push_back(std::make_shared<tcp::acceptor>(std::move(made)));
        return ok();
    }

    result<void> start(tls_context context) {
        context_ = std::move(context);
        for (const auto& each : wanted_.addresses)
            if (auto opened = open(each); !opened) {
                acceptors_.clear();
                return opened;
            }
        for (const auto& each : acceptors_)
            runtime::spawn(on_, "fleet listener", accept_loop(shared_from_this(), each));
        return ok();
    }

    void replace(tls_context context) {
        const std::lock_guard lock(mutex_);
        context_ = std::move(context);
    }

    void close() {
        gate_.close();
        asio::post(on_, [self = shared_from_this()] {
            error_code ignored;
            for (const auto& each : self->acceptors_)
                each->close(ignored);
            self->room_.set();
        });
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        for (const auto& each : shaking_)
            asio::post(each->get_executor(), [each] { each->close(); });
    }

    runtime::gate& gate() { return gate_; }

    [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  private:
    static asio::awaitable<void> accept_loop(std::shared_ptr<impl> self, std::shared_ptr<tcp::acceptor> from) {
        while (from->is_open()) {
            co_await self->room_.wait();
            if (!from->is_open())
                break;
            error_code failed;
            auto on = self->connection_executor();
            tcp::socket socket(on);
            co_await from->async_accept(socket, asio::redirect_error(asio::use_awaitable, failed));
            if (!failed) {
                self->take(std::move(socket));
                continue;
            }
            if (failed == asio::error::no_descriptors || failed == asio::error::no_memory ||
                failed == boost::system::errc::too_many_files_open_in_system) {
                base::log::warn("net", "cannot accept for want of resources; raise the limit of open files",
                                {{"reason", failed.message()}});
                asio::steady_timer rest(self->on_, rest_without_descriptors);
                co_await rest.async_wait(asio::redirect_error(asio::use_awaitable, failed));
            }
        }
    }

    asio::any_io_executor connection_executor() {
        if (loop_.threads() == 1)
            return loop_.get_executor();
        return loop_.make_strand();
    }

    void take(tcp::socket socket) {
        auto pass = gate_.enter();
        if (!pass)
            return;
        if (++handshakes_ >= wanted_.most_handshakes)
            room_.reset();
        std::shared_ptr<tls_stream> stream;
        {
            const std::lock_guard lock(mutex_);
            stream = std::make_shared<tls_stream>(std::move(socket), context_, tls_stream::side::server);
            if (stopped_)
                return;
            shaking_.insert(stream);
        }
        if (tell_.judge)
            stream->judge_peer(tell_.judge);
        const auto on = stream->get_executor();
        runtime::spawn(on, "fleet handshake", shake_hands(shared_from_this(), std::move(stream), std::move(*pass)));
    }

    static asio::awaitable<void> shake_hands(std::shared_ptr<impl> self, std::shared_ptr<tls_stream> over,
                                             runtime::gate::pass pass) {
        error_code ignored;
        const auto from = over->socket().remote_endpoint(ignored);
        asio::steady_timer timer(over->get_executor(), self->wanted_.handshake_timeout);
        timer.async_wait([over](const error_code& cancelled) {
            if (!cancelled)
                over->close();
        });
        auto made = co_await accept_web_socket(over, self->wanted_.limits);
        const bool late = timer.cancel() == 0;
        {
            const std::lock_guard lock(self->mutex_);
            self->shaking_.erase(over);
        }
        asio::post(self->on_, [self] {
            --self->handshakes_;
            self->room_.set();
        });
        if (made && !late) {
            self->tell_.opened(std::move(*made));
        } else {
            const auto why = late ? error("handshake_timeout", "it did not shake hands in time", true) : made.error();
            if (self->tell_.failed)
                self->tell_.failed(to_text(from), why, over->refused());
            if (!late)
                co_await part(over);
            over->close();
        }
        static_cast<void>(pass);
    }

    // The peer is to read the alert that tells it why; closing with its bytes unread would take that away (RFC 1122,
    // 4.2.2.13). With TLS 1.3 it has sent its first request before it knows.
    static asio::awaitable<void> part(std::shared_ptr<tls_stream> over) {
        asio::steady_timer timer(over->get_executor(), time_to_part);
        timer.async_wait([over](const error_code& cancelled) {
            if (!cancelled)
                over->close();
        });
        error_code failed;
        over->socket().shutdown(tcp::socket::shutdown_send, failed);
        std::array<char, 512> ignored;
        while (!failed)
            co_await over->socket().async_read_some(asio::buffer(ignored),
                                                    asio::redirect_error(asio::use_awaitable, failed));
    }

    runtime::io& loop_;
    const web_socket_listener_settings wanted_;
    const web_socket_events tell_;
    runtime::strand on_;
    runtime::event room_;
    std::size_t handshakes_ = 0;
    std::vector<std::shared_ptr<tcp::acceptor>> acceptors_;
    std::vector<std::string> addresses_;
    runtime::gate gate_;
    std::mutex mutex_; ///< For what follows.
    tls_context context_;
    std::unordered_set<std::shared_ptr<tls_stream>> shaking_;
    bool stopped_ = false;
};

web_socket_listener::web_socket_listener(runtime::io& loop, web_socket_listener_settings wanted, web_socket_events tell)
    : impl_(std::make_shared<impl>(loop, std::move(wanted), std::move(tell))) {}

web_socket_listener::~web_socket_listener() {
    impl_->close();
}

result<void> web_socket_listener::start(tls_context context) {
    return impl_->start(std::move(context));
}

void web_socket_listener::replace_context(tls_context context) {
    impl_->replace(std::move(context));
}

asio::awaitable<void> web_socket_listener::stop(base::duration grace) {
    impl_->close();
    co_await impl_->gate().drain(grace);
}

std::vector<std::string> web_socket_listener::addresses() const {
    return impl_->addresses();
}

} // namespace ferrule::net
