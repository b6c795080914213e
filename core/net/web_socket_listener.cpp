#include "net/web_socket_listener.hpp"

#include "base/log.hpp"
#include "net/acceptor.hpp"
#include "net/admission.hpp"
#include "net/listen_address.hpp"
#include "runtime/event.hpp"
#include "runtime/gate.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <poll.h>

#include <array>
#include <atomic>
#include <unordered_map>

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
        , room_(on_)
        , timer_(on_)
        , admission_(admission_of(wanted_)) {
        room_.set();
    }

    result<void> start(tls_context context) {
        context_ = std::move(context);
        for (const auto& each : wanted_.addresses) {
            auto opened = open_acceptor(on_, each, wanted_.setting);
            if (!opened) {
                acceptors_.clear();
                addresses_.clear();
                return opened.error();
            }
            addresses_.push_back(to_text(opened->local_endpoint()));
            acceptors_.push_back(std::make_shared<tcp::acceptor>(std::move(*opened)));
        }
        for (const auto& each : acceptors_)
            runtime::spawn(on_, "fleet listener", accept_loop(shared_from_this(), each));
        return ok();
    }

    void replace(tls_context context) {
        asio::post(on_, [self = shared_from_this(), context = std::move(context)]() mutable {
            self->context_ = std::move(context);
        });
    }

    void close() {
        gate_.close();
        asio::post(on_, [self = shared_from_this()] { self->end(); });
    }

    runtime::gate& gate() { return gate_; }

    [[nodiscard]] const std::vector<std::string>& addresses() const { return addresses_; }

  private:
    /// One that waits. It has no more than a socket yet.
    struct caller {
        tcp::socket socket;
        std::string address;
        runtime::gate::pass pass;
    };

    /// How a handshake stands; on its own executor.
    struct course {
        bool ended = false;
        const char* stopped_because = nullptr;
    };

    struct handshake {
        std::shared_ptr<tls_stream> over;
        std::shared_ptr<course> state;

        void stop(const char* why) const {
            asio::post(over->get_executor(), [over = over, state = state, why] {
                if (state->ended)
                    return;
                state->stopped_because = why;
                over->close();
            });
        }
    };

    static const char* told(admission::reason why) {
        switch (why) {
        case admission::reason::silent:
            return "it said nothing in time";
        case admission::reason::crowd:
            return "its address has most of those that wait, who are too many";
        case admission::reason::slow:
            return "it did not shake hands in time while others waited";
        case admission::reason::share:
            break;
        }
        return "its address has more than its share of the handshakes while others wait";
    }

    static admission::settings admission_of(const web_socket_listener_settings& wanted) {
        admission::settings out;
        out.slots = wanted.most_handshakes;
        out.room = wanted.most_waiting;
        out.silence = wanted.handshake_timeout;
        out.patience = wanted.handshake_timeout / 5;
        return out;
    }

    static base::steady_time now() { return base::system_clock().steady_now(); }

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

    // Until it is admitted a socket is used on this strand alone.
    void take(tcp::socket socket) {
        auto pass = gate_.enter();
        error_code failed;
        const auto from = socket.remote_endpoint(failed);
        if (!pass || failed)
            return;
        const auto who = admission_.came(origin_of(from.address()), now());
        auto& waits =
            waiting_.try_emplace(who, caller{std::move(socket), to_text(from), std::move(*pass)}).first->second;
        waits.socket.async_wait(asio::socket_base::wait_read,
                                asio::bind_executor(on_, [self = shared_from_this(), who](const error_code& ended) {
                                    if (!ended) {
                                        self->admission_.spoke(who);
                                        self->proceed();
                                    }
                                }));
        proceed();
    }

    void proceed() {
        if (ended_)
            return;
        for (auto again = true; std::exchange(again, false);) {
            const auto step = admission_.next(now());
            for (const auto& each : step.evicted)
                evict(each);
            for (const auto each : step.admitted)
                if (!admit(each)) {
                    admission_.gone(each);
                    again = true;
                }
        }
        const auto at = now();
        if (admission_.has_room(at))
            room_.set();
        else
            room_.reset();
        const auto next = admission_.next_at(at);
        if (!next)
            return;
        timer_.expires_at(*next);
        timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
            if (!cancelled)
                self->proceed();
        });
    }

    void evict(const admission::eviction& which) {
        const auto* const why = told(which.why);
        if (const auto at = shaking_.find(which.who); at != shaking_.end()) {
            at->second.stop(why);
            return; // its end is told where it shakes hands
        }
        auto waited = waiting_.extract(which.who);
        if (waited && tell_.failed)
            tell_.failed(waited.mapped().address, error("handshake_timeout", why, true), std::nullopt);
    }

    // False when it has gone meanwhile, so that nothing is spent on it.
    bool admit(admission::number who) {
        auto waited = waiting_.extract(who);
        if (!waited)
            return false;
        auto& one = waited.mapped();
        pollfd socket{one.socket.native_handle(), POLLRDHUP, 0};
        if (::poll(&socket, 1, 0) == 1)
            return false;
        auto over = std::make_shared<tls_stream>(std::move(one.socket), context_, tls_stream::side::server);
        const auto state = std::make_shared<course>();
        shaking_.emplace(who, handshake{over, state});
        if (tell_.judge)
            over->judge_peer(tell_.judge);
        const auto on = over->get_executor();
        runtime::spawn(
            on, "fleet handshake",
            shake_hands(shared_from_this(), std::move(over), state, who, std::move(one.address), std::move(one.pass)));
        return true;
    }

    static asio::awaitable<void> shake_hands(std::shared_ptr<impl> self, std::shared_ptr<tls_stream> over,
                                             std::shared_ptr<course> state, admission::number who, std::string from,
                                             runtime::gate::pass pass) {
        asio::steady_timer timer(over->get_executor(), self->wanted_.handshake_timeout);
        timer.async_wait([over](const error_code& cancelled) {
            if (!cancelled)
                over->close();
        });
        auto made = co_await accept_web_socket(over, self->wanted_.limits);
        state->ended = true;
        const bool late = timer.cancel() == 0; // it has fired, or is about to
        const bool cut_off = late || !over->socket().is_open();
        const bool known = made && !cut_off && (*made)->peer();
        asio::post(self->on_, [self, who, known] {
            self->shaking_.erase(who);
            self->admission_.gone(who, known);
            self->proceed();
        });
        if (made && !cut_off) {
            self->tell_.opened(std::move(*made));
        } else {
            const char* const stopped =
                state->stopped_because != nullptr ? state->stopped_because : "it did not shake hands in time";
            const auto why = cut_off ? error("handshake_timeout", stopped, true) : made.error();
            if (self->tell_.failed)
                self->tell_.failed(from, why, over->refused());
            if (over->refused() && ++self->parting_ <= self->wanted_.most_handshakes)
                co_await part(over);
            if (over->refused())
                --self->parting_;
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

    void end() {
        ended_ = true;
        error_code ignored;
        for (const auto& each : acceptors_)
            each->close(ignored);
        timer_.cancel();
        room_.set();
        waiting_.clear();
        for (const auto& [who, each] : shaking_)
            each.stop("the listener stops");
    }

    runtime::io& loop_;
    const web_socket_listener_settings wanted_;
    const web_socket_events tell_;
    runtime::strand on_;
    // On that strand:
    runtime::event room_;
    asio::steady_timer timer_;
    admission admission_;
    std::vector<std::shared_ptr<tcp::acceptor>> acceptors_;
    tls_context context_;
    std::unordered_map<admission::number, caller> waiting_;
    std::unordered_map<admission::number, handshake> shaking_;
    bool ended_ = false;
    // On any thread:
    std::vector<std::string> addresses_;
    runtime::gate gate_;
    std::atomic<std::size_t> parting_ = 0;
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
