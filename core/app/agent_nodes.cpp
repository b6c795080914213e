#include "app/agent_nodes.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::app {

using base::json;

agent_nodes::agent_nodes(runtime::io& loop, devices::job_engine& engine, devices::agent_sender& sender,
                         fleet::agents_link& link, const fleet::agent_directory& book, store::store& records,
                         base::duration limit)
    : loop_(loop)
    , jobs_(engine, sender, loop, records)
    , book_(book)
    , limit_(limit) {
    listen(link);
}

agent_nodes::~agent_nodes() = default;

void agent_nodes::listen(fleet::agents_link& link) {
    using devices::kind::caught_up;
    using devices::kind::end;
    using devices::kind::hello;
    using devices::kind::progress;
    link.offer(std::string(devices::jobs_feature));
    link.on_message(std::string(hello), [this](const std::string& agent, const json& body) {
        // One that cannot be read is none: the agent is still waited for.
        jobs_.hello(agent, body, [this, &agent] {
            came(agent);
            know(agent);
        });
    });
    link.on_message(std::string(progress),
                    [this](const std::string& agent, const json& body) { jobs_.progress(agent, body); });
    link.on_delivery(std::string(caught_up),
                     [this](const std::string& agent, const json& body, std::function<void()> taken) {
                         jobs_.caught_up(agent, body, std::move(taken));
                     });
    link.on_delivery(std::string(end), [this](const std::string& agent, const json& body, std::function<void()> taken) {
        jobs_.end(agent, body, std::move(taken));
    });
    link.on_disconnected([this](const std::string& agent) { left(agent); });
}

void agent_nodes::know(const std::string& agent) {
    const auto about = book_.find(agent);
    if (!about)
        return;
    jobs_.known(agent, about->region, about->tags, [this, agent] {
        const auto now = book_.find(agent);
        return now ? now->load : 0.0;
    });
}

void agent_nodes::know_all() {
    for (const auto& each : book_.list()) {
        const auto& offered = each->features;
        const bool ran_jobs = std::find(offered.begin(), offered.end(), devices::jobs_feature) != offered.end();
        if (ran_jobs && each->state != model::agent_state::revoked)
            know(each->name);
    }
}

void agent_nodes::expect() {
    for (const auto& name : jobs_.names())
        wait_for(name);
}

// One that is revoked does not come back; any other may be restarting.
void agent_nodes::left(const std::string& agent) {
    jobs_.disconnected(agent);
    const auto names = jobs_.names();
    if (std::find(names.begin(), names.end(), agent) == names.end())
        return;
    const auto about = book_.find(agent);
    if (!about || about->state == model::agent_state::revoked)
        jobs_.offline(agent);
    else
        wait_for(agent);
}

void agent_nodes::wait_for(const std::string& agent) {
    auto timer = std::make_shared<boost::asio::steady_timer>(loop_.get_executor(), limit_);
    const std::lock_guard lock(mutex_);
    if (stopped_ || !awaited_.emplace(agent, timer).second)
        return; // it is waited for already
    timer->async_wait([this, timer, agent](const boost::system::error_code& failed) {
        if (failed)
            return;
        // Under the lock, so that an agent that greets in this very moment is given up before and not after.
        const std::lock_guard inner(mutex_);
        const auto at = awaited_.find(agent);
        if (at == awaited_.end() || at->second != timer)
            return; // it came at the last moment
        awaited_.erase(at);
        jobs_.offline(agent);
    });
}

void agent_nodes::came(const std::string& agent) {
    const std::lock_guard lock(mutex_);
    const auto at = awaited_.find(agent);
    if (at == awaited_.end())
        return;
    at->second->cancel();
    awaited_.erase(at);
}

asio::awaitable<void> agent_nodes::stop(base::duration grace) {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        for (const auto& [name, timer] : awaited_)
            timer->cancel();
        awaited_.clear();
    }
    co_await jobs_.stop(grace);
}

} // namespace ferrule::app
