#include "fleet/agent_link.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "fleet/joining.hpp"
#include "fleet/protocol/frame.hpp"
#include "net/web_socket_client.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

namespace ferrule::fleet {

namespace {

constexpr base::duration farewell_limit = std::chrono::seconds(2);

protocol::reconnect::settings plan_of(const config::agent_settings& from) {
    protocol::reconnect::settings out;
    out.controllers = from.controllers.size();
    out.most = from.reconnect_max;
    return out;
}

net::web_socket_limits limits() {
    net::web_socket_limits out;
    out.message = longest_message;
    return out;
}

bool is_about_certificate(std::string_view code) {
    return code.starts_with("certificate_") && code != "certificate_refused";
}

// What another attempt with the same token does not change.
bool is_about_token(std::string_view code) {
    return code.starts_with("join_token_");
}

} // namespace

agent_link::agent_link(agent_link_parts with)
    : parts_(std::move(with))
    , on_(parts_.loop.make_strand())
    , stopping_(on_)
    , news_(on_)
    , ticking_(on_)
    , plan_(plan_of(parts_.settings), parts_.chance)
    , boot_id_(base::make_id()) {
    parts_.kept.on_news([this] { asio::post(on_, [this] { news_.set(); }); });
}

agent_link::~agent_link() = default;

void agent_link::start() {
    auto going = run(std::move(*gate_.enter()));
    asio::co_spawn(on_, std::move(going), asio::bind_cancellation_slot(cancel_.slot(), [](std::exception_ptr what) {
                       if (what)
                           runtime::log_escaped("agent link", what);
                   }));
}

asio::awaitable<void> agent_link::stop(base::duration grace) {
    gate_.close();
    asio::post(on_, [this] {
        stopping_.set();
        if (over_ && side_) {
            side_->say_goodbye();
            over_->close("stopping");
        } else {
            cancel_.emit(asio::cancellation_type::terminal);
        }
        news_.set();
    });
    if (co_await gate_.drain(std::min(grace, farewell_limit)) == 0)
        co_return;
    asio::post(on_, [this] {
        if (over_)
            over_->cut_off();
        cancel_.emit(asio::cancellation_type::terminal);
    });
    co_await gate_.drain(farewell_limit);
}

asio::awaitable<void> agent_link::rest(base::duration limit) {
    if (limit > base::duration::zero())
        co_await stopping_.wait_until(base::system_clock().steady_now() + limit);
}

asio::awaitable<void> agent_link::run(runtime::gate::pass pass) {
    find_identity();
    auto step = plan_.begin();
    while (!stopping_.is_set()) {
        co_await rest(step.wait);
        if (stopping_.is_set())
            break;
        const auto controller = parts_.settings.controllers.at(step.controller);
        if (!identity_ && !find_identity()) {
            if (identity_unreadable_) { // it may be mended, and is not to be replaced
                step = plan_.failed();
                continue;
            }
            const auto joined = co_await join(controller);
            if (!joined) {
                complain(controller, joined.error());
                step = is_about_token(joined.error().code()) ? plan_.refused(true) : plan_.failed();
                continue;
            }
        }
        step = co_await serve(controller);
    }
    static_cast<void>(pass);
}

// Whether there is another one than before: `ferrule agent enrol` may have joined beside this process.
bool agent_link::find_identity() {
    auto found = parts_.identity.load();
    if (!found) {
        if (!std::exchange(identity_unreadable_, true))
            base::log::error("fleet", found.error().message());
        return false;
    }
    identity_unreadable_ = false;
    if (!*found || (identity_ && identity_->facts.fingerprint == (*found)->facts.fingerprint))
        return false;
    identity_ = std::move(*found);
    return true;
}

asio::awaitable<result<void>> agent_link::join(std::string controller) {
    auto joined = co_await join_fleet(parts_.names, parts_.identity, parts_.settings, std::move(controller));
    if (!joined)
        co_return joined.error();
    identity_ = std::move(*joined);
    base::log::info("fleet", "joined the fleet",
                    {{"agent", identity_->facts.name},
                     {"serial", identity_->facts.serial},
                     {"expires", base::to_rfc3339(identity_->facts.not_after)}});
    co_return ok();
}

protocol::hello agent_link::greeting() const {
    protocol::hello out;
    out.version = parts_.version;
    out.host = host_name();
    out.boot_id = boot_id_;
    out.features = features_;
    out.tags = parts_.settings.labels;
    out.region = parts_.settings.region;
    out.heartbeat = parts_.settings.heartbeat;
    out.lost = parts_.kept.lost();
    return out;
}

asio::awaitable<protocol::reconnect::step> agent_link::serve(std::string controller) {
    auto context = net::make_mutual_client_context(identity_->tls);
    if (!context) {
        complain(controller, context.error());
        co_return plan_.failed();
    }
    auto dialed =
        co_await net::dial_web_socket(parts_.names, controller, *context, limits(), parts_.settings.connect_timeout);
    std::optional<error> refused;
    bool proven = false;
    if (!dialed) {
        complain(controller, dialed.error());
        if (is_about_certificate(dialed.error().code()))
            refused = dialed.error();
    } else {
        const auto over = *dialed;
        over_ = over;
        ended_because_.reset();
        lost_because_.clear();
        reconnect_at_once_ = false;
        side_.emplace(*this, parts_.settings.heartbeat, parts_.settings.connect_timeout, parts_.clock.steady_now());
        if (auto pass = gate_.enter())
            asio::co_spawn(on_, keep_ticking(over),
                           [held = std::make_shared<runtime::gate::pass>(std::move(*pass))](std::exception_ptr) {});
        if (auto pass = gate_.enter())
            asio::co_spawn(on_, empty_spool(over),
                           [held = std::make_shared<runtime::gate::pass>(std::move(*pass))](std::exception_ptr) {});
        side_->start(greeting());
        co_await converse(over);
        bool had_greeted = false;
        {
            const std::lock_guard lock(mutex_);
            had_greeted = greeted_ != nullptr;
        }
        hang_up(had_greeted);
        const auto why = ended_because_.value_or(protocol::farewell{"connection_lost", lost_because_, {}});
        if (!stopping_.is_set())
            complain(controller, error(why.code, why.message, true));
        if (reconnect_at_once_)
            co_return plan_.begin();
        if (why.retry_after > base::duration::zero())
            co_return plan_.told_to_wait(why.retry_after);
        if (had_greeted && !is_about_certificate(why.code))
            co_return plan_.lost();
        if (is_about_certificate(why.code))
            refused = error(why.code, why.message);
        proven = true;
    }
    if (refused && find_identity()) {
        token_spent_ = false;
        co_return plan_.begin();
    }
    // A token that was given since may let it in again; one that did not is not shown twice.
    if (refused && !parts_.settings.join_token.empty() && !token_spent_) {
        token_spent_ = true;
        const auto joined = co_await join(controller);
        if (joined)
            co_return plan_.begin();
        complain(controller, joined.error());
    }
    co_return refused ? plan_.refused(proven) : plan_.failed();
}

asio::awaitable<void> agent_link::converse(std::shared_ptr<net::web_socket> over) {
    over->on_alive([this, raw = over.get()] {
        if (over_.get() == raw && side_)
            side_->alive(parts_.clock.steady_now());
    });
    for (;;) {
        auto got = co_await over->read();
        if (!got) {
            lost_because_ = got.error().message();
            break;
        }
        try {
            side_->received(*got, parts_.clock.steady_now());
        } catch (const std::exception& what) {
            base::log::error("fleet", "an exception while a message was handled", {{"what", what.what()}});
            end({"internal", "the agent failed to handle a message", {}});
        }
        base::wipe(*got); // an order holds logins
    }
    over->cut_off();
}

void agent_link::hang_up(bool had_greeted) {
    over_.reset();
    side_.reset();
    renewal_key_.reset();
    {
        const std::lock_guard lock(mutex_);
        greeted_.reset();
        offered_.clear();
    }
    parts_.kept.disconnected();
    ticking_.cancel();
    news_.set(); // what waits for news of this connection ends
    if (had_greeted)
        for (const auto& hear : hear_disconnected_)
            hear();
}

asio::awaitable<void> agent_link::keep_ticking(std::shared_ptr<net::web_socket> over) {
    while (over_ == over && side_) {
        ticking_.expires_at(side_->next_tick(parts_.clock.steady_now()));
        co_await ticking_.async_wait(asio::use_awaitable); // an end of the connection ends it by an exception
        if (over_ != over || !side_)
            break;
        const auto now = parts_.clock.steady_now();
        // A controller that has fallen silent does not answer the close either.
        if (ended_because_ && now - ended_at_ >= parts_.last_words)
            over->cut_off();
        side_->tick(now);
        renew_if_due();
        news_.set(); // what was not acknowledged in time goes out again
    }
}

asio::awaitable<void> agent_link::empty_spool(std::shared_ptr<net::web_socket> over) {
    while (over_ == over) {
        co_await news_.wait();
        if (over_ != over) {
            news_.set(); // it was meant for the connection after this one
            break;
        }
        news_.reset();
        bool more = over_ == over && side_ && side_->established();
        while (more) {
            const auto some = co_await parts_.kept.next();
            more = over_ == over && !some.empty();
            for (const auto& each : some) {
                if (more && !over->send(std::make_shared<const std::string>(each.text))) {
                    parts_.kept.not_sent(each.seq);
                    more = false;
                }
            }
        }
    }
}

} // namespace ferrule::fleet
