#include "app/remote_checks.hpp"

#include "app/check_messages.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "model/check_json.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace ferrule::app {

using base::json;

namespace {

error not_there(const std::string& agent) {
    return error("agent_offline", "the agent " + agent + " is not connected", true);
}

} // namespace

remote_checks::remote_checks(probes::check_service& checks, probes::one_off_probes& probes, fleet::agents_link& link,
                             std::function<std::vector<model::node_info>()> nodes)
    : checks_(checks)
    , link_(link)
    , nodes_(std::move(nodes)) {
    link.on_connected([this](const std::string& agent) { connected(agent); });
    link.on_disconnected([this](const std::string& agent) { disconnected(agent); });
    link.on_delivery(messages::samples,
                     [this](const std::string& agent, const json& body, std::function<void()> taken) {
                         take_samples(agent, body, std::move(taken));
                     });
    link.on_message(messages::outcome,
                    [this](const std::string& agent, const json& body) { take_outcome(agent, body); });
    probes.reach_others([this](const std::string& node, const std::string& name, std::vector<std::string> inputs,
                               base::duration timeout, asio::any_io_executor on, probes::one_off_probes::done tell) {
        probe(node, name, std::move(inputs), timeout, std::move(on), std::move(tell));
    });
}

// Placing all checks anew is only worth it when somebody is new, has gone for good or has other labels.
void remote_checks::look_at_nodes() {
    auto all = nodes_();
    std::map<std::string, model::labels> now;
    for (const auto& each : all)
        now.emplace(each.name, each.tags);
    {
        const std::lock_guard lock(mutex_);
        if (now == known_)
            return;
        known_ = std::move(now);
    }
    checks_.set_nodes(std::move(all));
}

void remote_checks::connected(const std::string& agent) {
    look_at_nodes();
    assign(agent, true);
}

void remote_checks::disconnected(const std::string& agent) {
    look_at_nodes();
    std::vector<waiting> left;
    {
        const std::lock_guard lock(mutex_);
        assigned_.erase(agent);
        for (auto at = waiting_.begin(); at != waiting_.end();)
            if (at->second.agent == agent) {
                left.push_back(std::move(at->second));
                at = waiting_.erase(at);
            } else {
                ++at;
            }
    }
    for (auto& each : left)
        asio::post(each.on, [each, why = not_there(agent)] {
            for (std::size_t i = 0; i < each.told.size(); ++i)
                if (!each.told[i])
                    each.tell(i, why);
        });
}

void remote_checks::assignments_changed() {
    std::vector<std::string> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [agent, told] : assigned_)
            all.push_back(agent);
    }
    for (const auto& each : all)
        assign(each, false);
}

void remote_checks::assign(const std::string& agent, bool anyway) {
    if (!link_.has_feature(agent, messages::checks_feature))
        return;
    auto told = messages::assignment_parts(checks_.assignments_for(agent));
    {
        const std::lock_guard lock(mutex_);
        auto& before = assigned_[agent];
        if (!anyway && before == told.set)
            return;
        before = told.set;
    }
    for (auto& part : told.parts)
        if (!link_.send(agent, messages::assign, std::move(part))) {
            const std::lock_guard lock(mutex_);
            assigned_[agent].clear(); // with the next change, or the next connection
            return;
        }
}

bool remote_checks::run_now(const std::string& agent, const std::string& check, const std::string& target) {
    return link_.send(agent, messages::run, base::dump(json{{"check", check}, {"target", target}}));
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

void remote_checks::probe(const std::string& agent, const std::string& probe, std::vector<std::string> inputs,
                          base::duration timeout, asio::any_io_executor on, probes::one_off_probes::done tell) {
    const auto id = base::make_id();
    const auto count = inputs.size();
    {
        const std::lock_guard lock(mutex_);
        waiting_.emplace(id, waiting{agent, std::vector<bool>(count), on, tell});
    }
    auto body = messages::probe_request(id, probe, inputs, timeout);
    if (link_.has_feature(agent, messages::probes_feature) && link_.send(agent, messages::probe, std::move(body)))
        return;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.erase(id) == 0)
            return; // the connection went meanwhile, and they have been told
    }
    asio::post(on, [tell = std::move(tell), count, why = not_there(agent)] {
        for (std::size_t i = 0; i < count; ++i)
            tell(i, why);
    });
}

void remote_checks::take_outcome(const std::string& agent, const json& body) {
    const auto told = messages::read_outcome(body);
    if (!told)
        return base::log::warn("checks", "what an agent says of a probe cannot be read",
                               {{"agent", agent}, {"error", told.error().message()}});
    const std::lock_guard lock(mutex_);
    const auto at = waiting_.find(told->id);
    if (at == waiting_.end() || at->second.agent != agent || told->index >= at->second.told.size() ||
        at->second.told[told->index])
        return;
    at->second.told[told->index] = true;
    asio::post(at->second.on, [tell = at->second.tell, index = told->index, what = told->what] { tell(index, what); });
    if (std::all_of(at->second.told.begin(), at->second.told.end(), [](bool each) { return each; }))
        waiting_.erase(at);
}

} // namespace ferrule::app
