// What the link does when the protocol wants it, and what it offers to services.
#include "fleet/agent_link.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/pki/request.hpp"
#include "fleet/protocol/frame.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <stdexcept>

namespace ferrule::fleet {

using base::json;

namespace {

constexpr base::duration shortest_retry = std::chrono::seconds(10);
constexpr base::duration longest_retry = std::chrono::hours(1);

} // namespace

void agent_link::on_message(std::string kind, message_handler take) {
    if (messages_.contains(kind) || protocol::is_reserved(kind))
        throw std::logic_error("the kind \"" + kind + "\" has a handler already");
    messages_.emplace(std::move(kind), std::move(take));
}

void agent_link::on_connected(std::function<void(const std::string& controller)> hear) {
    hear_connected_.push_back(std::move(hear));
}

void agent_link::on_disconnected(std::function<void()> hear) {
    hear_disconnected_.push_back(std::move(hear));
}

void agent_link::offer(std::string feature) {
    features_.push_back(std::move(feature));
}

bool agent_link::send(std::string_view kind, std::string body) {
    std::shared_ptr<net::web_socket> to;
    {
        const std::lock_guard lock(mutex_);
        to = greeted_;
    }
    return to && to->send(std::make_shared<const std::string>(protocol::make_frame(kind, body)));
}

bool agent_link::has_feature(std::string_view feature) const {
    const std::lock_guard lock(mutex_);
    return std::find(offered_.begin(), offered_.end(), feature) != offered_.end();
}

void agent_link::deliver(std::string_view kind, std::string body, std::function<void(result<void>)> kept) {
    if (body.size() <= longest_delivery) {
        parts_.kept.add(kind, body, std::move(kept));
        return;
    }
    asio::post(parts_.loop.get_executor(), [kept = std::move(kept)] {
        if (kept)
            kept(error("message_too_large", "what is to be delivered is larger than 1MiB"));
    });
}

void agent_link::on_lost(std::function<void()> hear) {
    parts_.kept.on_lost(std::move(hear));
}

void agent_link::send(std::string text) {
    if (over_ && !over_->send(std::make_shared<const std::string>(std::move(text))))
        over_->cut_off();
}

void agent_link::ping() {
    if (over_)
        over_->ping();
}

void agent_link::welcomed(const protocol::welcome& by) {
    plan_.connected();
    complaints_.clear();
    token_spent_ = false;
    {
        const std::lock_guard lock(mutex_);
        greeted_ = over_;
        offered_ = by.features;
    }
    const auto& controller = over_->peer() ? over_->peer()->name : std::string();
    base::log::info("fleet", "connected to the controller",
                    {{"controller", controller}, {"address", over_->address()}, {"version", by.program}});
    parts_.kept.told(by.lost);
    parts_.kept.connected();
    for (const auto& hear : hear_connected_)
        hear(controller);
    news_.set();
}

void agent_link::beat_due() {
    auto figures = json::parse(parts_.metrics(), nullptr, false);
    if (!figures.is_object())
        figures = json::object();
    figures["spool"] = {{"messages", parts_.kept.size()}, {"bytes", parts_.kept.bytes()}};
    side_->beat(base::dump(figures));
}

bool agent_link::message(const std::string& kind, const base::json& body) {
    const auto at = messages_.find(kind);
    if (at == messages_.end())
        return false;
    at->second(over_ && over_->peer() ? over_->peer()->name : std::string(), body);
    return true;
}

void agent_link::end(const protocol::farewell& why) {
    ended_because_ = why;
    ended_at_ = parts_.clock.steady_now();
    if (over_)
        over_->close(why.code);
}

void agent_link::renew_if_due() {
    const auto now = parts_.clock.wall_now();
    if (!side_ || !side_->established() || renewal_key_ || now < identity_->renew_at() || now < renew_again_at_)
        return;
    auto key = pki::make_key();
    auto request = pki::make_request(key, identity_->facts.name);
    if (!request)
        return;
    renewal_key_ = std::move(key);
    side_->renew(*request);
}

void agent_link::renewed(const protocol::grant& what) {
    if (!renewal_key_)
        return;
    const auto key = *std::exchange(renewal_key_, std::nullopt);
    // Whom it trusts was settled when it joined: a renewal brings a certificate and nothing else.
    auto kept = what;
    kept.command_key.clear();
    kept.authority = identity_->tls.authority;
    auto saved = parts_.identity.save(kept, key);
    if (!saved)
        return not_renewed({saved.error().code(), saved.error().message(), {}});
    identity_ = std::move(*saved);
    base::log::info("fleet", "the certificate is renewed",
                    {{"serial", identity_->facts.serial}, {"expires", base::to_rfc3339(identity_->facts.not_after)}});
    // The new one proves itself at once.
    reconnect_at_once_ = true;
    end({"renewed", "the certificate was renewed", {}});
}

void agent_link::not_renewed(const protocol::farewell& why) {
    renewal_key_.reset();
    const auto now = parts_.clock.wall_now();
    const base::duration left = identity_->facts.not_after - now;
    const auto wait = std::clamp(left / 10, shortest_retry, longest_retry);
    renew_again_at_ = now + std::chrono::floor<std::chrono::milliseconds>(wait);
    base::log::warn(
        "fleet", "the certificate cannot be renewed",
        {{"code", why.code}, {"reason", why.message}, {"expires", base::to_rfc3339(identity_->facts.not_after)}});
}

void agent_link::complain(const std::string& controller, const error& why) {
    if (reconnect_at_once_)
        return;
    // Once, until something else happens: it may go on for days.
    auto& last = complaints_[controller];
    const auto level = last == why.message() ? base::log::level::debug : base::log::level::warn;
    last = why.message();
    const base::log::field fields[] = {{"controller", controller}, {"code", why.code()}, {"reason", why.message()}};
    base::log::write(level, "fleet", "no connection to the controller", fields);
}

} // namespace ferrule::fleet
