// What the hub offers to services.
#include "fleet/agents_hub.hpp"

#include "base/json.hpp"
#include "base/secret.hpp"
#include "fleet/protocol/frame.hpp"

#include <algorithm>
#include <stdexcept>

namespace ferrule::fleet {

namespace {

void check_kind(const std::string& kind, bool fresh) {
    if (!fresh || protocol::is_reserved(kind))
        throw std::logic_error("the kind \"" + kind + "\" has a handler already");
}

} // namespace

void agents_hub::on_message(std::string kind, message_handler take) {
    check_kind(kind, !messages_.contains(kind));
    messages_.emplace(std::move(kind), std::move(take));
}

void agents_hub::on_delivery(std::string kind, delivery_handler take) {
    check_kind(kind, !deliveries_.contains(kind));
    deliveries_.emplace(std::move(kind), std::move(take));
}

void agents_hub::on_connected(std::function<void(const std::string& agent)> hear) {
    hear_connected_.push_back(std::move(hear));
}

void agents_hub::on_disconnected(std::function<void(const std::string& agent)> hear) {
    hear_disconnected_.push_back(std::move(hear));
}

void agents_hub::offer(std::string feature) {
    greeting_.features.push_back(std::move(feature));
}

bool agents_hub::send(const std::string& agent, std::string_view kind, std::string body) {
    const auto to = find_welcomed(agent);
    const bool sent = to && to->send_frame(kind, body);
    base::wipe(body);
    return sent;
}

bool agents_hub::is_connected(const std::string& agent) const {
    return find_welcomed(agent) != nullptr;
}

bool agents_hub::has_feature(const std::string& agent, std::string_view feature) const {
    const auto at = find_welcomed(agent);
    return at && std::find(at->features().begin(), at->features().end(), feature) != at->features().end();
}

void agents_hub::disconnect(const std::string& agent, const protocol::farewell& why) {
    if (const auto open = find(agent))
        open->end_with(why);
}

std::size_t agents_hub::connections() const {
    const std::lock_guard lock(mutex_);
    return by_name_.size();
}

session_ptr agents_hub::find(const std::string& agent) const {
    const std::lock_guard lock(mutex_);
    const auto at = by_name_.find(agent);
    return at == by_name_.end() ? nullptr : at->second;
}

session_ptr agents_hub::find_welcomed(const std::string& agent) const {
    auto at = find(agent);
    return at && at->welcomed() ? at : nullptr;
}

std::vector<session_ptr> agents_hub::all() const {
    const std::lock_guard lock(mutex_);
    return {every_.begin(), every_.end()};
}

asio::awaitable<result<protocol::grant>> agents_hub::enrol(protocol::enrolment wanted) {
    return admits_.enrol(std::move(wanted));
}

asio::awaitable<result<protocol::grant>> agents_hub::renew(std::string name, std::string request) {
    return admits_.renew(std::move(name), std::move(request));
}

void agents_hub::heartbeat(const std::string& name, const base::json& body) {
    book_.heartbeat(name, body);
    if (hear_heartbeat_)
        hear_heartbeat_();
}

bool agents_hub::message(const std::string& name, const std::string& kind, const base::json& body) {
    const auto at = messages_.find(kind);
    if (at == messages_.end())
        return false;
    at->second(name, body);
    return true;
}

bool agents_hub::delivery(const std::string& name, const std::string& kind, const base::json& body,
                          std::function<void()> taken) {
    const auto at = deliveries_.find(kind);
    if (at == deliveries_.end())
        return false;
    at->second(name, body, std::move(taken));
    return true;
}

} // namespace ferrule::fleet
