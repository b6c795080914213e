#include "devices/agent_jobs.hpp"

#include "base/json.hpp"
#include "base/log.hpp"

namespace ferrule::devices {

using base::json;

namespace {

// A greeting comes to an end: more than any agent has. What is beyond it is left out.
constexpr std::size_t most_greeted = 200'000;

void complain(const std::string& agent, std::string_view what) {
    base::log::warn("devices", "a message of an agent cannot be read and is dropped",
                    {{"agent", agent}, {"kind", std::string(what)}});
}

} // namespace

agent_jobs::agent_jobs(job_engine& engine, agent_sender& link, runtime::io& loop, store::store& records)
    : engine_(engine)
    , link_(link)
    , parts_(loop, records, [this](const std::string& agent, const ended_job& end, std::function<void()> taken) {
        ended(agent, end, std::move(taken));
    }) {}

asio::awaitable<void> agent_jobs::stop(base::duration limit) {
    co_await parts_.stop(limit);
}

void agent_jobs::known(const std::string& agent, std::string region, model::labels tags, std::function<double()> load) {
    engine_.node_places().remote(agent, link_).describe(std::move(region), std::move(tags), std::move(load));
}

void agent_jobs::disconnected(const std::string& agent) {
    {
        const std::lock_guard lock(mutex_);
        greetings_.erase(agent);
    }
    if (auto* const node = engine_.node_places().find(agent))
        node->disconnected();
}

void agent_jobs::offline(const std::string& agent) {
    parts_.forget(agent);
    engine_.give_up_node(agent);
}

std::vector<std::string> agent_jobs::names() {
    std::vector<std::string> all;
    for (const auto* const each : engine_.node_places().remotes())
        all.push_back(each->name());
    return all;
}

void agent_jobs::hello(const std::string& agent, const json& body, const std::function<void()>& whole) {
    auto read = job_hello_from(body);
    if (!read) {
        complain(agent, kind::hello);
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        auto& all = greetings_[agent];
        if (read->part == 0) {
            all = std::move(*read);
        } else if (read->seq == all.seq && read->instance == all.instance && read->part == all.part + 1) {
            all.part = read->part;
            all.more = read->more;
            all.jobs.insert(all.jobs.end(), read->jobs.begin(), read->jobs.end());
            all.sessions.insert(all.sessions.end(), read->sessions.begin(), read->sessions.end());
        } else {
            return; // of a greeting that was cut
        }
        if (all.jobs.size() + all.sessions.size() > most_greeted)
            all.more = false;
        if (all.more)
            return;
        *read = std::move(all);
        greetings_.erase(agent);
    }
    if (whole)
        whole();
    parts_.greeted(agent, read->jobs);
    engine_.node_greeted(engine_.node_places().remote(agent, link_), *read);
}

void agent_jobs::progress(const std::string& agent, const json& body) {
    auto* const node = engine_.node_places().find(agent);
    if (const auto read = job_progress_from(body); read && node != nullptr)
        node->progress(*read);
}

void agent_jobs::caught_up(const std::string& agent, const json& body, std::function<void()> taken) {
    const auto read = job_hello_from(body);
    if (!read) {
        complain(agent, kind::caught_up);
        taken();
        return;
    }
    parts_.caught_up(agent, [this, agent, instance = read->instance, seq = read->seq, taken = std::move(taken)] {
        if (auto* const node = engine_.node_places().find(agent))
            node->caught_up(instance, seq);
        taken();
    });
}

void agent_jobs::end(const std::string& agent, const json& body, std::function<void()> taken) {
    const auto part = end_part_from(body);
    if (!part) {
        complain(agent, kind::end);
        taken();
        return;
    }
    if (part->number > 0 || !part->last) {
        parts_.take(agent, *part, body, std::move(taken));
        return;
    }
    end_assembly whole;
    whole.add(body);
    ended(agent, whole.finish(), std::move(taken));
}

void agent_jobs::ended(const std::string& agent, const ended_job& end, std::function<void()> taken) {
    auto* const node = engine_.node_places().find(agent);
    if (node == nullptr || !node->ended(end, taken))
        engine_.ended_late(agent, end, std::move(taken));
}

} // namespace ferrule::devices
