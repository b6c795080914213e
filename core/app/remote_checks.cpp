#include "app/remote_checks.hpp"

#include "app/check_messages.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "model/check_json.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace ferrule::app {

using base::json;

namespace {

constexpr auto gathering = std::chrono::milliseconds(50);

} // namespace

remote_checks::remote_checks(const asio::any_io_executor& strand, probes::check_service& checks,
                             fleet::agents_link& link, std::function<std::vector<model::node_info>()> nodes)
    : checks_(checks)
    , link_(link)
    , nodes_(std::move(nodes))
    , sender_(std::make_shared<assignment_sender>(
          strand, link, [&checks](const std::string& agent) { return checks.assignments_for(agent); }))
    , timer_(strand) {
    link.on_connected([this](const std::string& agent) {
        nodes_changed();
        sender_->connected(agent);
    });
    link.on_disconnected([this](const std::string& agent) {
        nodes_changed();
        sender_->disconnected(agent);
    });
    link.on_message(messages::assigned,
                    [this](const std::string& agent, const json& body) { sender_->confirmed(agent, body); });
    link.on_delivery(messages::samples,
                     [this](const std::string& agent, const json& body, std::function<void()> taken) {
                         take_samples(agent, body, std::move(taken));
                     });
}

// Agents come back together: what changes within a moment is one change.
void remote_checks::nodes_changed() {
    if (looking_.exchange(true))
        return;
    asio::post(timer_.get_executor(), [this] {
        timer_.expires_after(gathering);
        timer_.async_wait([this](const boost::system::error_code& cancelled) {
            if (cancelled)
                return;
            looking_ = false;
            look_at_nodes();
        });
    });
}

// Placing all checks anew is only worth it when somebody is new, has gone for good or has another region
// or other labels.
void remote_checks::look_at_nodes() {
    auto all = nodes_();
    decltype(known_) now;
    for (const auto& each : all)
        now.emplace(each.name, std::pair(each.region, each.tags));
    if (now == known_)
        return;
    known_ = std::move(now);
    checks_.set_nodes(std::move(all));
}

void remote_checks::assignments_changed() {
    sender_->changed();
}

bool remote_checks::run_now(const std::string& agent, const std::string& check, const std::string& target) {
    return link_.send(agent, messages::run, base::dump(json{{"check", check}, {"target", target}}));
}

void remote_checks::stop() {
    sender_->stop();
    looking_ = true;
    asio::post(timer_.get_executor(), [this] { timer_.cancel(); });
}

void remote_checks::take_samples(const std::string& agent, const json& body, std::function<void()> taken) {
    std::vector<model::sample> all;
    const auto list = body.find("samples");
    for (std::size_t i = 0; list != body.end() && list->is_array() && i < list->size(); ++i) {
        auto read = model::sample_from_json((*list)[i]);
        if (read)
            all.push_back(std::move(*read));
        else
            base::log::warn("checks", "a result of an agent cannot be read, and is left out",
                            {{"agent", agent}, {"error", read.error().message()}});
    }
    checks_.take(agent, std::move(all), std::move(taken));
}

} // namespace ferrule::app
