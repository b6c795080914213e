#include "devices/node_set.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace ferrule::devices {

namespace {

std::string told(const model::node_selector& wanted) {
    std::string text;
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    for (const auto& each : wanted.names)
        add("name " + each);
    if (!wanted.region.empty())
        add("region " + wanted.region);
    for (const auto& [key, value] : wanted.tags)
        add(key + "=" + value);
    return text;
}

bool may_take(const remote_node& each) {
    const auto where = each.where();
    return where == remote_node::presence::attached || where == remote_node::presence::detached;
}

} // namespace

remote_node& node_set::remote(const std::string& name, agent_sender& link) {
    const std::lock_guard lock(mutex_);
    auto& place = agents_[name];
    if (!place) {
        place = std::make_unique<remote_node>(name, parts_, link);
        ++remotes_;
    }
    return *place;
}

remote_node* node_set::find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = agents_.find(name);
    return at == agents_.end() ? nullptr : at->second.get();
}

std::vector<remote_node*> node_set::remotes() const {
    std::vector<remote_node*> all;
    const std::lock_guard lock(mutex_);
    all.reserve(agents_.size());
    for (const auto& [name, each] : agents_)
        all.push_back(each.get());
    return all;
}

// With a lane there is a driver already; looking at the folders again would cost more than the rest.
result<node*> node_set::choose_local(const resolved_target& at, model::strategy how) {
    if (how == model::strategy::pinned && local_.has(at.key())) {
        if (const auto stays = may_stay(local_, at); !stays)
            return stays.error();
        return &local_;
    }
    if (const auto driver = parts_.plugins.driver(at.at().driver); !driver)
        return driver.error();
    const std::array<model::node_info, 1> nodes{local_.info()};
    if (!parts_.limits.local.enabled || !model::matches(at.device->nodes, nodes[0]))
        return none_for(at, false);
    const auto chosen = chooser_.choose(nodes, at);
    if (!chosen)
        return chosen.error();
    return &local_;
}

result<node*> node_set::choose(const resolved_target& at, model::strategy how) {
    if (only_local())
        return choose_local(at, how);
    if (how == model::strategy::pinned)
        if (auto* const home = home_of(at.key())) {
            if (const auto stays = may_stay(*home, at); !stays)
                return stays.error();
            return home;
        }
    return choose_new(at, how);
}

// `nodes` of the device may have changed since. What it does not allow any more gets nothing new, and no login.
result<void> node_set::may_stay(const node& home, const resolved_target& at) const {
    if (&home == &waiting_ || at.device->nodes.empty())
        return ok();
    const auto info = home.info();
    if (model::matches(at.device->nodes, info))
        return ok();
    return error("no_node_online",
                 "the device " + at.device->name + " still has a session or jobs on the node " + info.name +
                     ", which it no longer allows: close the session, or wait until it ends",
                 true);
}

result<node*> node_set::choose_new(const resolved_target& at, model::strategy how) {
    std::vector<model::node_info> infos;
    std::vector<node*> candidates;
    std::optional<error> missing;
    if (auto here = local_.info(); parts_.limits.local.enabled && model::matches(at.device->nodes, here)) {
        if (const auto driver = parts_.plugins.driver(at.at().driver); driver) {
            infos.push_back(std::move(here));
            candidates.push_back(&local_);
        } else {
            missing = driver.error();
        }
    }
    bool returns = false;
    for (auto* const each : remotes()) {
        auto offered = each->offer(at);
        if (!offered) {
            returns = returns || each->may_return(at);
            continue;
        }
        if (how == model::strategy::pinned && each->has(at.key()))
            return each;
        infos.push_back(std::move(*offered));
        candidates.push_back(each);
    }
    if (candidates.empty() && missing && !returns)
        return *missing;
    if (candidates.empty())
        return none_for(at, returns);
    const auto chosen = chooser_.choose(infos, at);
    if (!chosen)
        return chosen.error();
    return candidates[*chosen];
}

result<node*> node_set::none_for(const resolved_target& at, bool returns) {
    if (returns)
        return &waiting_;
    const auto wanted = told(at.device->nodes);
    if (wanted.empty())
        return error(
            "no_node_online",
            "no node is online that has the driver " + at.at().driver +
                ": start an agent with agent.jobs.enabled, or let the controller run jobs (jobs.local.enabled)",
            true);
    return error("no_node_online",
                 "no node is online that the device " + at.device->name + " allows (" + wanted +
                     ") and that has the driver " + at.at().driver +
                     ": start such an agent with agent.jobs.enabled, or correct `nodes` of the device",
                 true);
}

// The lock of the order is held: what has the device keeps it meanwhile.
node* node_set::home_of(const std::string& key) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = homes_.find(key); at != homes_.end()) {
            if (at->second->has(key))
                return at->second;
            homes_.erase(at);
        }
    }
    if (local_.has(key))
        return &local_;
    return waiting_.has(key) ? &waiting_ : nullptr;
}

// Agents may have a driver that this process has not, or be the scheduler's choice; without agents the job fails here,
// and says why.
node* node_set::place_at_start(const resolved_target& at) {
    if (!parts_.limits.local.enabled || !model::matches(at.device->nodes, local_.info()))
        return &waiting_;
    if (!agents_come_ || local_.has(at.key()))
        return &local_;
    const auto all = remotes();
    const bool returns = std::any_of(all.begin(), all.end(), [&](const auto* each) { return each->may_return(at); });
    return returns || !parts_.plugins.driver(at.at().driver) ? static_cast<node*>(&waiting_) : &local_;
}

bool node_set::place(const entry_ptr& entry, node* chosen) {
    if (!only_local()) {
        node* home = nullptr;
        if (entry->how == model::strategy::pinned)
            home = home_of(entry->at->key());
        if (home != nullptr) {
            chosen = home;
        } else {
            const auto* const agent = dynamic_cast<const remote_node*>(chosen);
            if (agent != nullptr && !may_take(*agent))
                chosen = &waiting_;
        }
        if (entry->how == model::strategy::pinned)
            settle(entry->at->key(), chosen);
    }
    entry->place = chosen;
    return chosen->push(entry);
}

void node_set::settle_if_free(const std::string& key, remote_node& at) {
    if (at.has(key) && home_of(key) == nullptr)
        settle(key, &at);
}

void node_set::settle(const std::string& key, node* at) {
    auto* const agent = dynamic_cast<remote_node*>(at);
    const std::lock_guard lock(mutex_);
    if (agent == nullptr) {
        homes_.erase(key);
        return;
    }
    homes_[key] = agent;
    if (homes_.size() < tidy_at_)
        return;
    std::erase_if(homes_, [&key](const auto& each) { return each.first != key && !each.second->has(each.first); });
    tidy_at_ = std::max<std::size_t>(1024, 2 * homes_.size());
}

std::vector<model::node_info> node_set::infos() const {
    std::vector<model::node_info> all;
    all.push_back(local_.info());
    for (const auto* const each : remotes())
        all.push_back(each->info());
    return all;
}

std::vector<model::session_info> node_set::sessions() const {
    auto all = local_.sessions();
    for (const auto* const each : remotes())
        for (auto& session : each->sessions())
            all.push_back(std::move(session));
    return all;
}

result<void> node_set::close_session(const std::string& id, bool force) {
    auto done = local_.close_session(id, force);
    for (auto* const each : remotes()) {
        if (done || done.error().code() != "session_not_found")
            break;
        done = each->close_session(id, force);
    }
    return done;
}

} // namespace ferrule::devices
