#include "app/assignment_sender.hpp"

#include "app/check_messages.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::app {

assignment_sender::assignment_sender(asio::any_io_executor strand, fleet::agents_link& link, source of,
                                     base::duration resend_after)
    : strand_(std::move(strand))
    , link_(link)
    , of_(std::move(of))
    , resend_after_(resend_after)
    , timer_(strand_) {}

void assignment_sender::connected(const std::string& agent) {
    if (!link_.has_feature(agent, messages::checks_feature))
        return;
    const std::lock_guard lock(mutex_);
    begin(agent, true);
}

void assignment_sender::disconnected(const std::string& agent) {
    const std::lock_guard lock(mutex_);
    agents_.erase(agent);
}

void assignment_sender::changed() {
    std::vector<std::string> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [agent, told] : agents_)
            all.push_back(agent);
    }
    // One at a time, so that results of the others are taken between.
    for (const auto& each : all) {
        const std::lock_guard lock(mutex_);
        if (agents_.contains(each))
            begin(each, false);
    }
}

void assignment_sender::begin(const std::string& agent, bool anyway) {
    auto& to = agents_[agent];
    auto whole = messages::assignment_parts(of_(agent));
    if (!anyway && to.set == whole.set)
        return;
    to.set = std::move(whole.set);
    to.parts = std::move(whole.parts);
    to.at = 0;
    send(agent, to);
}

// A full queue is treated as a message that was lost.
void assignment_sender::send(const std::string& agent, telling& to) {
    to.sent = base::system_clock().steady_now();
    link_.send(agent, messages::assign, to.parts[to.at]);
    if (!stopped_ && !std::exchange(watching_, true))
        asio::post(strand_, [self = shared_from_this()] { self->watch(); });
}

void assignment_sender::confirmed(const std::string& agent, const base::json& body) {
    const auto part = messages::read_confirmation(body);
    if (!part)
        return base::log::warn("checks", "what an agent says of its assignments cannot be read",
                               {{"agent", agent}, {"error", part.error().message()}});
    const std::lock_guard lock(mutex_);
    const auto to = agents_.find(agent);
    if (to == agents_.end() || to->second.set != part->set || to->second.at != part->index || to->second.parts.empty())
        return;
    if (++to->second.at < to->second.parts.size())
        send(agent, to->second);
    else
        to->second.parts = {};
}

void assignment_sender::stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    asio::post(strand_, [self = shared_from_this()] { self->timer_.cancel(); });
}

// On the strand; goes on for as long as an agent has not confirmed all.
void assignment_sender::watch() {
    timer_.expires_after(resend_after_);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
        if (!cancelled)
            self->send_again();
    });
}

void assignment_sender::send_again() {
    const std::lock_guard lock(mutex_);
    const auto late = base::system_clock().steady_now() - resend_after_;
    for (auto& [agent, to] : agents_)
        if (!to.parts.empty() && to.sent <= late)
            send(agent, to);
    watching_ = !stopped_ && std::any_of(agents_.begin(), agents_.end(),
                                         [](const auto& each) { return !each.second.parts.empty(); });
    if (watching_)
        watch();
}

} // namespace ferrule::app
