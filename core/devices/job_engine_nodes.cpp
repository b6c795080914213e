// How jobs move between nodes, and what becomes of those whose node has gone.
#include "devices/job_engine.hpp"

#include "base/log.hpp"
#include "devices/job_end.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::devices {

// Sessions that outlived a restart of this process keep their devices.
void job_engine::node_greeted(remote_node& by, const job_hello& hello) {
    by.greeted(hello);
    for (const auto& each : hello.sessions) {
        const auto key = key_of(each);
        {
            const std::lock_guard lock(order_);
            nodes_.settle_if_free(key, by);
        }
        if (const auto first = nodes_.waiting().first_of(key))
            place_first(first);
    }
    place_waiting();
}

// Of those that the same nodes can take, the first that finds no place tells that the others find none either.
void job_engine::place_waiting() {
    auto& waiting = nodes_.waiting();
    if (waiting.empty() || stopping_)
        return;
    for (const auto& group : waiting.groups()) {
        auto first = waiting.first(group);
        while (first && place_first(first))
            first = waiting.first(group);
    }
}

// However many jobs end meanwhile, one look is for all of them.
void job_engine::place_soon() {
    if (nodes_.waiting().empty() || places_soon_.exchange(true))
        return;
    asio::post(parts_.loop.get_executor(), [this] {
        places_soon_ = false;
        place_waiting();
    });
}

bool job_engine::place_first(const entry_ptr& first) {
    auto& waiting = nodes_.waiting();
    const auto chosen = nodes_.choose_new(*first->at, first->how);
    if (!chosen || *chosen == &waiting)
        return false;
    std::vector<entry_ptr> moved;
    {
        const std::lock_guard lock(order_);
        moved = waiting.take(first);
        for (const auto& each : moved)
            nodes_.place(each, *chosen);
    }
    for (const auto& each : moved)
        each->place.load()->wake(each);
    return true;
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
                const bool cannot = may_have_run && (each.change || each.which.run >= most_restarts);
                if (!cannot && parts_.table.requeue(each.entry)) {
                    again.push_back(each.entry);
                } else {
                    each.at = may_have_run ? remote_board::stage::doubtful : remote_board::stage::ready;
                    over.push_back(std::move(each));
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
    if (entry->how == model::strategy::pinned) // a fifo job keeps no order, and another agent may have the queue
        nodes_.settle(entry->at->key(), &place);
}

} // namespace ferrule::devices
