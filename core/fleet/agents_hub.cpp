#include "fleet/agents_hub.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/protocol/frame.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <stdexcept>

namespace ferrule::fleet {

namespace {

constexpr base::duration sweep_every = std::chrono::seconds(1);
constexpr base::duration server_lifetime = std::chrono::hours(24 * 90);
/// Agents that a controller is told to take back in a second, fewer than it can.
constexpr std::int64_t returning_a_second = 500;

net::web_socket_listener_settings listening(const config::fleet_settings& wanted) {
    net::web_socket_listener_settings out;
    out.addresses = wanted.listen;
    out.most_handshakes = wanted.max_handshakes;
    out.handshake_timeout = wanted.handshake_timeout;
    out.limits.message = longest_message;
    out.setting = "fleet.listen";
    return out;
}

} // namespace

agents_hub::agents_hub(runtime::io& loop, const pki::authority& ca, enroller& admits, registry& book,
                       const base::clock& clock, config::fleet_settings wanted, std::string name, std::string version)
    : loop_(loop)
    , ca_(ca)
    , admits_(admits)
    , book_(book)
    , clock_(clock)
    , settings_(std::move(wanted))
    , name_(std::move(name))
    , timer_(std::make_shared<asio::steady_timer>(loop.make_strand()))
    , doorstep_(settings_.max_handshakes) {
    greeting_.program = std::move(version);
    greeting_.greet_limit = settings_.handshake_timeout;
    net::web_socket_events tell;
    tell.opened = [this](std::shared_ptr<net::web_socket> socket) { opened(std::move(socket)); };
    tell.failed = [this](const std::string& address, const error& why, const auto& whose) {
        refused(address, why, whose);
    };
    tell.judge = [this](const net::certificate_facts& shown) { return book_.judge(shown); };
    listener_ = std::make_unique<net::web_socket_listener>(loop, listening(settings_), std::move(tell));
    admits_.on_admitted([this](const std::string& agent) {
        disconnect(agent, {"certificate_superseded", "the agent has joined anew with another certificate", {}});
    });
}

agents_hub::~agents_hub() = default;

result<void> agents_hub::make_identity() {
    const auto now = clock_.wall_now();
    const auto identity = ca_.make_server(name_, now, server_lifetime);
    if (!identity)
        return identity.error();
    auto context = net::make_mutual_server_context(*identity);
    if (!context)
        return context.error();
    const bool first = renew_identity_at_ == base::wall_time{};
    renew_identity_at_ = now + std::chrono::floor<std::chrono::milliseconds>(server_lifetime * 2 / 3);
    if (first)
        return listener_->start(std::move(*context));
    listener_->replace_context(std::move(*context));
    return ok();
}

result<void> agents_hub::start() {
    if (auto made = make_identity(); !made)
        return made;
    runtime::spawn(timer_->get_executor(), "fleet sweep", sweeping(timer_, std::move(*gate_.enter())));
    for (const auto& each : listener_->addresses())
        base::log::info("fleet", "awaiting agents", {{"address", each}});
    return ok();
}

asio::awaitable<void> agents_hub::stop(base::duration grace) {
    co_await listener_->stop(grace);
    gate_.close();
    std::vector<session_ptr> open;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        open.assign(every_.begin(), every_.end());
    }
    protocol::farewell why;
    why.code = "controller_stopping";
    why.message = "the controller stops";
    why.retry_after = std::chrono::milliseconds(500) +
                      std::chrono::milliseconds(static_cast<std::int64_t>(open.size()) * 1000 / returning_a_second);
    for (const auto& each : open)
        each->end_with(why);
    asio::post(timer_->get_executor(), [timer = timer_] { timer->cancel(); });
    if (co_await gate_.drain(std::min<base::duration>(grace, std::chrono::seconds(2))) == 0)
        co_return;
    for (const auto& each : all())
        each->cut_off();
    co_await gate_.drain(std::chrono::seconds(2));
}

std::vector<std::string> agents_hub::addresses() const {
    return listener_->addresses();
}

void agents_hub::opened(std::shared_ptr<net::web_socket> socket) {
    auto pass = gate_.enter();
    if (!pass)
        return;
    auto made = std::make_shared<agent_session>(*this, std::move(socket));
    session_ptr displaced;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            return;
        displaced = std::static_pointer_cast<agent_session>(doorstep_.came(made));
        every_.insert(made);
    }
    if (displaced) {
        const bool answered = displaced->stands() == visitor::stage::answered;
        displaced->cut_off();
        if (!answered)
            turned_away(*displaced, displaced->name().empty()
                                        ? "another that wants to join took its place"
                                        : "a newer connection with the same certificate came before it had greeted");
    }
    const auto on = made->get_executor();
    auto reading = agent_session::run(std::move(made));
    asio::co_spawn(on, std::move(reading),
                   [held = std::make_shared<runtime::gate::pass>(std::move(*pass))](std::exception_ptr what) {
                       if (what)
                           runtime::log_escaped("agent session", what);
                   });
}

std::mutex& agents_hub::turn_of(const std::string& agent) {
    return turns_[std::hash<std::string>()(agent) % turns_.size()];
}

void agents_hub::refused(const std::string& address, const error& why,
                         const std::optional<net::tls_stream::refusal>& whose) {
    if (hear_refused_)
        hear_refused_(whose.has_value());
    const auto host = address.substr(0, address.rfind(':'));
    const auto now = clock_.steady_now();
    if (whose) {
        const refusal_log::about what{whose->whose.name, host, whose->reason};
        if (refusals_.is_news(what, now))
            base::log::warn("fleet", "an agent's certificate is refused",
                            {{"agent", whose->whose.name},
                             {"serial", whose->whose.serial},
                             {"address", address},
                             {"reason", whose->reason},
                             {"expires", base::to_rfc3339(whose->whose.not_after)}});
        return;
    }
    if (refusals_.is_news({{}, host, why.message()}, now))
        base::log::info("fleet", "a connection came to nothing", {{"address", address}, {"reason", why.message()}});
}

// One that came to nothing after the handshake.
void agents_hub::turned_away(const agent_session& who, const std::string& why) {
    if (hear_refused_)
        hear_refused_(false);
    const auto host = who.address().substr(0, who.address().rfind(':'));
    if (refusals_.is_news({who.name(), host, why}, clock_.steady_now()))
        base::log::info("fleet", "a connection came to nothing",
                        {{"agent", who.name()}, {"address", who.address()}, {"reason", why}});
}

void agents_hub::log_repeated() {
    for (const auto& each : refusals_.repeated(clock_.steady_now()))
        base::log::info("fleet", "refused again and again",
                        {{"agent", each.what.agent},
                         {"address", each.what.host},
                         {"reason", each.what.reason},
                         {"times", std::to_string(each.times)},
                         {"within", base::to_text(refusal_log::window)}});
}

std::optional<protocol::farewell> agents_hub::greeted(const session_ptr& by, const protocol::hello& from) {
    const auto now = clock_.wall_now();
    // Revoked or expired between the handshake and now, which may lie seconds apart.
    if (const auto why = book_.judge(by->certificate()))
        return protocol::farewell{"certificate_revoked", *why, {}};
    if (by->certificate().not_after <= now)
        return protocol::farewell{"certificate_expired", "the agent's certificate has expired", {}};
    session_ptr older;
    const std::lock_guard turn(turn_of(by->name()));
    {
        const std::lock_guard lock(mutex_);
        if (stopping_)
            return protocol::farewell{"controller_stopping", "the controller stops", std::chrono::seconds(1)};
        // Its end is on the way, and it must not take the place of the newer one that is why.
        if (!doorstep_.left(by))
            return protocol::farewell{"replaced", "a newer connection with the same certificate came", {}};
        auto& place = by_name_[by->name()];
        if (!place && by_name_.size() > settings_.max_agents) {
            by_name_.erase(by->name());
            return protocol::farewell{"too_many_agents",
                                      "this controller has as many agents as fleet.max_agents allows",
                                      std::chrono::seconds(30)};
        }
        older = std::exchange(place, by);
    }
    constexpr const char* replaced = "a newer connection replaces an older one of the same agent";
    const auto host = by->address().substr(0, by->address().rfind(':'));
    if (older && refusals_.is_news({by->name(), host, replaced}, clock_.steady_now()))
        base::log::warn("fleet", replaced,
                        {{"agent", by->name()},
                         {"older", older->address()},
                         {"newer", by->address()},
                         {"same_process", older->boot_id() == by->boot_id() ? "yes" : "no"}});
    if (older) {
        older->end_with(
            {"replaced", "a newer connection with the same certificate replaces this one", std::chrono::seconds(30)});
        if (std::exchange(older->announced, false))
            for (const auto& hear : hear_disconnected_)
                hear(by->name());
    }
    if (from.lost != 0)
        base::log::warn("fleet", "an agent had to drop what it kept for a controller",
                        {{"agent", by->name()}, {"lost", std::to_string(from.lost)}});
    book_.greeted(by->name(), by->certificate(), from, by->address());
    // A revocation looks for the connection that it ends after it is in force: one of the two has seen the other.
    if (const auto why = book_.judge(by->certificate()))
        by->end_with({"certificate_revoked", *why, {}});
    return std::nullopt;
}

void agents_hub::connected(const session_ptr& by) {
    const std::lock_guard turn(turn_of(by->name()));
    if (find(by->name()) != by)
        return; // a newer one has taken its place already
    base::log::info("fleet", "an agent is connected", {{"agent", by->name()}, {"address", by->address()}});
    by->announced = true;
    for (const auto& hear : hear_connected_)
        hear(by->name());
}

void agents_hub::ended(const session_ptr& by) {
    const std::lock_guard turn(turn_of(by->name()));
    bool current = false;
    {
        const std::lock_guard lock(mutex_);
        every_.erase(by);
        doorstep_.left(by);
        if (const auto at = by_name_.find(by->name()); at != by_name_.end() && at->second == by) {
            by_name_.erase(at);
            current = true;
        }
    }
    if (by->never_greeted())
        turned_away(*by, by->end_reason());
    if (!current)
        return;
    base::log::info("fleet", "an agent's connection has ended",
                    {{"agent", by->name()}, {"address", by->address()}, {"reason", by->end_reason()}});
    book_.disconnected(by->name(), by->said_goodbye());
    if (std::exchange(by->announced, false))
        for (const auto& hear : hear_disconnected_)
            hear(by->name());
}

asio::awaitable<void> agents_hub::sweeping(std::shared_ptr<asio::steady_timer> timer, runtime::gate::pass pass) {
    boost::system::error_code failed;
    while (!failed) {
        timer->expires_after(sweep_every);
        co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, failed));
        if (!failed)
            sweep();
    }
    static_cast<void>(pass);
}

void agents_hub::sweep() {
    for (const auto& each : all())
        each->tick();
    book_.sweep();
    log_repeated();
    if (clock_.wall_now() < renew_identity_at_)
        return;
    if (const auto made = make_identity(); !made)
        base::log::error("fleet", "the controller's own certificate cannot be renewed",
                         {{"reason", made.error().message()}});
}

} // namespace ferrule::fleet
