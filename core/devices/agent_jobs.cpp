#include "devices/agent_jobs.hpp"

#include "base/json.hpp"
#include "base/log.hpp"

namespace ferrule::devices {

using base::json;

namespace {

void complain(const std::string& agent, std::string_view what) {
    base::log::warn("devices", "a message of an agent cannot be read and is dropped",
                    {{"agent", agent}, {"kind", std::string(what)}});
}

} // namespace

void agent_jobs::known(const std::string& agent, std::string region, model::labels tags, std::function<double()> load) {
    engine_.node_places().remote(agent, link_).describe(std::move(region), std::move(tags), std::move(load));
}

void agent_jobs::disconnected(const std::string& agent) {
    if (auto* const node = engine_.node_places().find(agent))
        node->disconnected();
}

void agent_jobs::offline(const std::string& agent) {
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(partial_, [&agent](const auto& each) { return each.first.first == agent; });
    }
    engine_.give_up_node(agent);
}

std::vector<std::string> agent_jobs::names() {
    std::vector<std::string> all;
    for (const auto* const each : engine_.node_places().remotes())
        all.push_back(each->name());
    return all;
}

void agent_jobs::hello(const std::string& agent, const json& body) {
    const auto read = job_hello_from(body);
    if (!read) {
        complain(agent, kind::hello);
        return;
    }
    engine_.node_places().remote(agent, link_).greeted(*read);
    engine_.place_waiting();
}

void agent_jobs::progress(const std::string& agent, const json& body) {
    auto* const node = engine_.node_places().find(agent);
    if (const auto read = job_progress_from(body); read && node != nullptr)
        node->progress(*read);
}

void agent_jobs::caught_up(const std::string& agent, const json& body, const std::function<void()>& taken) {
    const auto read = job_hello_from(body);
    auto* const node = engine_.node_places().find(agent);
    if (read && node != nullptr)
        node->caught_up(read->instance, read->seq);
    else
        complain(agent, kind::caught_up);
    taken();
}

void agent_jobs::end(const std::string& agent, const json& body, std::function<void()> taken) {
    const auto which = attempt_from(body);
    if (!which) {
        complain(agent, kind::end);
        taken();
        return;
    }
    ended_job whole;
    std::vector<std::function<void()>> all;
    {
        const std::lock_guard lock(mutex_);
        const auto key = std::pair(agent, which->id);
        auto& open = partial_[key];
        open.taken.push_back(taken);
        const auto verdict = open.parts.take(body);
        if (verdict == end_assembly::verdict::more)
            return;
        if (verdict == end_assembly::verdict::complete)
            whole = open.parts.finish();
        all = std::move(open.taken);
        partial_.erase(key);
    }
    const std::function<void()> all_taken = [all = std::move(all)] {
        for (const auto& each : all)
            each();
    };
    if (whole.which.id.empty()) {
        all_taken(); // the rest of one whose beginning was acknowledged, so it is on disk
        return;
    }
    auto* const node = engine_.node_places().find(agent);
    if (node == nullptr || !node->ended(whole, all_taken))
        engine_.ended_late(agent, std::move(whole), all_taken);
}

} // namespace ferrule::devices
