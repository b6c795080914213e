#include "devices/device_session.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "devices/cancelled.hpp"

#include <utility>

namespace ferrule::devices {

using base::json;

namespace {

constexpr auto close_limit = std::chrono::seconds(5);

std::int64_t milliseconds(base::duration span) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

json options_json(const std::string& text) {
    return text.empty() ? json::object() : json::parse(text, nullptr, false);
}

// The request of driver.h's `open`; credentials go in by reference only.
result<std::string> target_text(node_parts& parts, const resolved_target& at, std::vector<secret_book::loan>& loans) {
    const auto& target = at.at();
    json text{{"name", at.device->name},
              {"host", target.host},
              {"port", target.port},
              {"options", options_json(target.options)},
              {"connect_timeout_ms", milliseconds(parts.limits.connect_timeout)},
              {"auth_timeout_ms", milliseconds(parts.limits.auth_timeout)},
              {"keepalive_ms", milliseconds(parts.limits.keepalive.ssh)}};
    if (at.login) {
        loans.push_back(parts.secrets.lend(at.login));
        text["credential"] = loans.back().reference();
    }
    if (!target.platform.empty()) {
        auto platform = parts.platforms(target.platform);
        if (!platform)
            return platform.error();
        text["platform"] = json::parse(**platform, nullptr, false);
    }
    for (std::size_t i = 0; i < target.jump.size(); ++i) {
        const auto& hop = target.jump[i];
        json entry{{"host", hop.host}, {"port", hop.port}, {"options", options_json(hop.options)}};
        if (at.jump_logins[i]) {
            loans.push_back(parts.secrets.lend(at.jump_logins[i]));
            entry["credential"] = loans.back().reference();
        }
        text["jump"].push_back(std::move(entry));
    }
    return base::dump(text);
}

error held_back(const resolved_target& at, base::duration left) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left);
    return error("auth_held_back",
                 "the last login to " + at.device->name + " was refused, so it is not tried again for " +
                     base::to_text(seconds) + ", lest the account be locked: correct the credential, or wait",
                 true, base::dump(json{{"retry_after_s", seconds.count()}}));
}

error opening_took_too_long() {
    return error("deadline",
                 "too many sessions are being opened (jobs.max_opening), and its time ran out before its turn", true);
}

error waited_for_another() {
    return error("deadline", "another login of the same kind was under way, and its time ran out before that ended",
                 true);
}

} // namespace

asio::awaitable<result<std::unique_ptr<device_session>>> device_session::open(node_parts& parts, resolved_ptr at,
                                                                              base::steady_time deadline,
                                                                              std::function<void(error)> on_lost) {
    const auto login = at->login_key();
    if (const auto left = parts.refused.left(login, parts.clock.steady_now()))
        co_return held_back(*at, *left);
    place taken(parts);
    if (!taken)
        co_return error("session_limit",
                        "there are " + std::to_string(parts.limits.max_sessions) +
                            " sessions open already: raise jobs.max_sessions or close some",
                        true);
    auto driver = parts.plugins.driver(at->at().driver);
    if (!driver)
        co_return driver.error();
    std::vector<secret_book::loan> loans;
    auto text = target_text(parts, *at, loans);
    if (!text)
        co_return text.error();
    auto pass = co_await parts.logins.enter(login, deadline);
    if (co_await is_cancelled())
        co_return cancelled();
    if (!pass)
        co_return waited_for_another();
    if (const auto left = parts.refused.left(login, parts.clock.steady_now()))
        co_return held_back(*at, *left); // another was refused meanwhile
    if (pass->failed_before())
        co_return *pass->failed_before();
    // Handshakes cost processor time here and there; those that wait for their turn are still cancelled in time.
    auto turn = co_await parts.opening.take(deadline);
    if (co_await is_cancelled())
        co_return cancelled();
    if (!turn)
        co_return opening_took_too_long();
    if (const auto left = parts.refused.left(login, parts.clock.steady_now()))
        co_return held_back(*at, *left);
    auto opened = co_await (*driver)->open(std::move(*text), deadline, std::move(on_lost));
    turn.reset();
    if (!opened) {
        if (opened.error().code() == "auth_failed")
            parts.refused.failed(login, parts.clock.steady_now());
        pass->failed(opened.error());
        co_return opened.error();
    }
    parts.refused.succeeded(login);
    pass->succeeded();
    parts.figures.sessions_opened.Increment();
    co_return std::unique_ptr<device_session>(
        new device_session(parts, std::move(at), std::move(*opened), std::move(loans), std::move(taken)));
}

device_session::place::place(node_parts& parts)
    : of_(&parts) {
    if (parts.sessions.fetch_add(1) < parts.limits.max_sessions)
        return;
    --parts.sessions;
    of_ = nullptr;
}

device_session::place::place(place&& other) noexcept
    : of_(std::exchange(other.of_, nullptr)) {}

device_session::place::~place() {
    give_back();
}

void device_session::place::give_back() noexcept {
    if (auto* const of = std::exchange(of_, nullptr))
        --of->sessions;
}

device_session::device_session(node_parts& parts, resolved_ptr at, std::shared_ptr<plugins::driver_session> wire,
                               std::vector<secret_book::loan> loans, place taken)
    : parts_(parts)
    , place_(std::move(taken))
    , id_(base::make_id())
    , at_(std::move(at))
    , wire_(std::move(wire))
    , loans_(std::move(loans)) {
    info_.id = id_;
    info_.device = at_->device->name;
    info_.driver = at_->at().driver;
    info_.host = at_->at().host;
    info_.port = at_->at().port;
    info_.username = at_->login ? at_->login->username : std::string();
    info_.node = parts_.name;
    info_.state = "idle";
    info_.opened_at = info_.last_used_at = parts_.clock.wall_now();
    parts_.figures.sessions_open.Increment();
}

void device_session::tell_opened() const {
    announce("opened");
}

device_session::~device_session() {
    parts_.figures.sessions_open.Decrement();
    place_.give_back(); // before anyone hears of it
    announce("closed");
}

asio::awaitable<void> device_session::close() {
    set_state("closing");
    const auto closed = co_await wire_->close(parts_.clock.steady_now() + close_limit);
    if (!closed)
        base::log::debug("devices", "a session did not close in order",
                         {{"device", at_->device->name}, {"why", closed.error().message()}});
}

void device_session::set_state(const char* state) {
    const std::lock_guard lock(mutex_);
    info_.state = state;
}

void device_session::count_command() {
    const std::lock_guard lock(mutex_);
    ++info_.commands;
    info_.last_used_at = parts_.clock.wall_now();
}

model::session_info device_session::info() const {
    const std::lock_guard lock(mutex_);
    return info_;
}

void device_session::announce(const char* state) const {
    if (parts_.bus.wanted())
        parts_.bus.publish("session", id_,
                           base::dump(json{{"id", id_}, {"device", at_->device->name}, {"state", state}}));
}

} // namespace ferrule::devices
