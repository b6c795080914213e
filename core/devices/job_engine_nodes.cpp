// How jobs move between nodes, and what becomes of those whose node has gone.
#include "devices/job_engine.hpp"

#include "base/log.hpp"
#include "devices/job_end.hpp"
#include "runtime/spawn.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

void job_engine::place_waiting() {
    auto& waiting = nodes_.waiting();
    if (waiting.empty() || stopping_)
        return;
    for (const auto& first : waiting.first()) {
        const auto chosen = nodes_.choose_new(*first->at);
        if (!chosen || *chosen == &waiting)
            continue;
        std::vector<entry_ptr> moved;
        {
            const std::lock_guard lock(order_);
            moved = waiting.take(first);
            for (const auto& each : moved)
                nodes_.place(each, *chosen);
        }
        for (const auto& each : moved)
            each->place.load()->wake(each);
    }
}

void job_engine::give_up_node(const std::string& name) {
    auto* const gone = nodes_.find(name);
    if (gone == nullptr || stopping_)
        return;
    std::vector<remote_board::given> over;
    std::size_t moved = 0;
    {
        const std::lock_guard lock(order_);
        auto left = gone->give_up();
        std::vector<entry_ptr> again;
        const auto sort = [&](std::vector<remote_board::given>& some, bool may_have_run) {
            for (auto& each : some) {
                const bool cannot = (each.change && may_have_run) || each.which.run >= most_restarts;
                if (cannot || parts_.table.is_cancelling(each.entry)) {
                    each.at = may_have_run ? remote_board::stage::doubtful : remote_board::stage::ready;
                    over.push_back(std::move(each));
                } else {
                    parts_.table.requeue(each.entry);
                    again.push_back(each.entry);
                }
            }
        };
        sort(left.never_began, false);
        sort(left.may_have_run, true);
        // What had begun comes before what waited behind it.
        again.insert(again.end(), left.waiting.begin(), left.waiting.end());
        moved = again.size();
        for (const auto& each : again)
            nodes_.place(each, &nodes_.waiting());
    }
    if (moved > 0 || !over.empty())
        base::log::warn("devices", "a node is given up, and its jobs go elsewhere",
                        {{"node", name}, {"moved", std::to_string(moved)}, {"ended", std::to_string(over.size())}});
    for (const auto& each : over)
        end_given_up(name, each);
    arm_expiry();
    place_waiting();
}

void job_engine::end_given_up(const std::string& node, const remote_board::given& job) {
    const bool may_have_run = job.at == remote_board::stage::doubtful;
    auto state = model::job_state::failed;
    auto why = node_lost(node, false);
    if (job.change && may_have_run) {
        state = model::job_state::unknown;
        why = node_lost(node, true);
    } else if (parts_.table.is_cancelling(job.entry)) {
        state = model::job_state::cancelled;
        why = error("cancelled", "it was cancelled, and the node " + node + " that ran it has gone");
    }
    end_unstarted(parts_, job.entry, state, std::move(why));
}

// A result is the only proof of what became of a change that nobody could answer for. It is taken when it belongs to
// that very attempt on that very node; any other final state stays as it was told.
void job_engine::ended_late(const std::string& name, ended_job end, std::function<void()> taken) {
    const auto drop = [&](const char* why) {
        base::log::warn("devices", "the end of a job that came too late is dropped",
                        {{"job", end.which.id}, {"node", name}, {"why", why}});
        taken();
    };
    if (const auto living = parts_.table.find(end.which.id)) {
        const auto shown = parts_.table.bare(living);
        if (!shown->request.change || shown->node != name || shown->restarts != end.which.run) {
            drop("it runs elsewhere");
            return;
        }
        // Its end as `unknown` is being written; looked at again once it is.
        auto again = std::make_shared<const std::function<void()>>([this, name, end, taken] {
            asio::post(parts_.loop.get_executor(), [this, name, end, taken] {
                const auto id = end.which.id;
                ended_late(name, end, taken);
                const std::lock_guard lock(late_mutex_);
                late_.erase(id);
            });
        });
        {
            const std::lock_guard lock(late_mutex_);
            late_[end.which.id] = again;
        }
        if (parts_.table.when_final(living, again))
            (*again)();
        return;
    }
    runtime::spawn(parts_.loop.make_strand(), "devices", correct(name, std::move(end), std::move(taken)));
}

asio::awaitable<void> job_engine::correct(std::string node, ended_job end, std::function<void()> taken) {
    auto kept = co_await records_.get(end.which.id);
    if (!kept) {
        base::log::warn("devices", "the end of a job cannot be compared with its record; its node will repeat it",
                        {{"job", end.which.id}, {"node", node}, {"why", kept.error().message()}});
        co_return;
    }
    const bool fits = *kept && (*kept)->state == model::job_state::unknown && (*kept)->node == node &&
                      (*kept)->restarts == end.which.run;
    if (!fits) {
        base::log::info("devices", "the end of a job that has ended already is dropped",
                        {{"job", end.which.id}, {"node", node}});
        taken();
        co_return;
    }
    auto last = std::make_shared<model::job>(std::move(**kept));
    last->state = end.state;
    last->error = std::move(end.failed);
    last->results = std::move(end.results);
    last->session = std::move(end.session);
    const auto now = parts_.clock.wall_now();
    last->finished_at = std::clamp(end.finished_at.value_or(now), std::min(last->created_at, now), now);
    records_.put(*last, [this, last, node, taken](const result<void>& written) {
        if (!written)
            return; // its node will repeat it
        base::log::info("devices", "a change that was unknown has ended after all",
                        {{"job", last->id}, {"node", node}, {"state", std::string(model::to_text(last->state))}});
        parts_.table.corrected(last);
        taken();
    });
}

// The record names the process of an agent: whether the job still runs there, the agent will say.
bool job_engine::runs_elsewhere(const model::job& left, const result<resolved_ptr>& at) const {
    return agents_ != nullptr && left.state == model::job_state::running && !left.node_instance.empty() && at &&
           !left.error;
}

void job_engine::adopt(model::job left, resolved_ptr at) {
    const auto limit = left.request.timeout.value_or(parts_.limits.default_timeout);
    const auto ttl = left.request.ttl.value_or(parts_.limits.default_ttl);
    const auto waited = parts_.clock.wall_now() - left.created_at;
    const auto shown = std::make_shared<const model::job>(std::move(left));
    auto queued = std::make_shared<model::job>(*shown);
    queued->state = model::job_state::queued;
    const auto entry = std::make_shared<job_entry>(std::move(queued), std::move(at), limit);
    auto& place = nodes_.remote(shown->node, *agents_);
    parts_.table.add(entry, parts_.clock.steady_now() + (ttl - waited));
    parts_.table.made_durable(entry);
    entry->place = &place;
    place.adopt(entry, shown);
    nodes_.settle(entry->at->key(), &place);
}

} // namespace ferrule::devices
