// What an agent says, and what follows from it.
#include "devices/remote_node.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "devices/job_end.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

namespace {

// Of one agent, whatever it says of its capacity.
constexpr std::size_t most_sessions = 200'000;

} // namespace

void remote_node::greeted(const job_hello& hello) {
    remote_board::greeting wanted;
    std::vector<model::session_info> closed;
    {
        const std::lock_guard lock(mutex_);
        if (board_.is_outdated(hello))
            return;
        presence_ = presence::attached;
        stuck_ = false;
        drivers_ = hello.drivers;
        about_.capacity = hello.capacity;
        most_sessions_ = std::min(most_sessions, std::size_t{hello.capacity} + hello.fifo + hello.sessions.size());
        closed = board_.sessions();
        wanted = board_.greet(hello);
        std::erase_if(closed, [this](const auto& each) { return board_.find_session(each.id) != nullptr; });
        std::erase_if(wanted.cancel, [this](const auto& each) { return ending_.contains(each.id); });
        for (const auto& each : wanted.cancel)
            if (auto* const job = board_.find(each))
                post_cancel(*job);
            else
                link_.send(name_, kind::cancel, to_text(each));
        for (auto& session : hello.sessions)
            if (auto* const shown = board_.find_session(session.id))
                shown->node = name_;
        if (!stopped_)
            begin(board_.next());
    }
    announce(true);
    for (const auto& each : closed)
        announce_session(each.id, each.device, "closed");
    for (const auto& each : wanted.tell_again)
        tell(each.entry, each.which);
}

void remote_node::announce(bool online) const {
    if (parts_.bus.wanted())
        parts_.bus.publish("node", name_, base::dump(base::json{{"name", name_}, {"online", online}}));
}

void remote_node::caught_up(const std::string& instance, std::int64_t seq) {
    std::vector<given> gone;
    std::vector<given> waiting;
    {
        // What begins again is first in its queue before anything else may begin there.
        const std::lock_guard lock(mutex_);
        gone = board_.caught_up(instance, seq);
        for (auto each = gone.rbegin(); each != gone.rend(); ++each) {
            if (begins_again(*each) && parts_.table.requeue(each->entry))
                board_.push_front(each->entry);
        }
        waiting = board_.ready();
    }
    for (const auto& each : gone)
        lost(each);
    if (!gone.empty() && parts_.waits_again)
        parts_.waits_again();
    for (const auto& each : waiting)
        tell(each.entry, each.which);
}

bool remote_node::begins_again(const given& job) const {
    return !job.change && job.which.run < most_restarts;
}

// The agent was restarted while it ran this.
void remote_node::lost(const given& job) {
    base::log::warn("devices", "a job was lost with the process of an agent",
                    {{"job", job.which.id}, {"node", name_}, {"change", job.change ? "yes" : "no"}});
    const bool again = parts_.table.bare(job.entry)->restarts != job.which.run;
    if (job.change)
        end_unstarted(parts_, job.entry, model::job_state::unknown, node_lost(name_, true));
    else if (!again && parts_.table.is_cancelling(job.entry))
        end_unstarted(parts_, job.entry, model::job_state::cancelled,
                      error("cancelled", "it was cancelled while it ran on a node that was restarted"));
    else if (!again)
        end_unstarted(parts_, job.entry, model::job_state::failed, node_lost(name_, false));
    go_on(job.entry);
}

void remote_node::disconnected() {
    {
        const std::lock_guard lock(mutex_);
        if (presence_ == presence::attached)
            presence_ = presence::detached;
        board_.detach();
    }
    announce(false);
}

bool remote_node::ended(const ended_job& end, std::function<void()> taken) {
    entry_ptr entry;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = ending_.find(end.which.id); at != ending_.end() && at->second.which == end.which) {
            at->second.taken.push_back(std::move(taken)); // it came again
            return true;
        }
        auto* const job = board_.find(end.which);
        if (job == nullptr || job->at == stage::noting)
            return false;
        entry = job->entry;
        board_.remove(end.which);
        auto& last = ending_[end.which.id];
        last.which = end.which;
        last.stored = std::make_shared<const std::function<void()>>([this, id = end.which.id] { stored(id); });
        last.taken.push_back(std::move(taken));
        static_cast<void>(parts_.table.when_final(entry, last.stored)); // it is not: it is ended only below
        if (end.session)
            if (auto* const session = board_.find_session(end.session->id)) {
                session->state = "idle";
                session->last_used_at = parts_.clock.wall_now();
                session->commands += end.results.size();
            }
    }
    parts_.finish(entry, last_of(entry, end));
    go_on(entry);
    retry();
    return true;
}

// A job is final, for those who wait, once its end is on disk.
void remote_node::stored(const std::string& id) {
    std::vector<std::function<void()>> taken;
    {
        const std::lock_guard lock(mutex_);
        const auto at = ending_.find(id);
        if (at == ending_.end())
            return;
        taken = std::move(at->second.taken);
        ending_.erase(at);
    }
    for (const auto& each : taken)
        each();
}

model::job remote_node::last_of(const entry_ptr& entry, const ended_job& end) const {
    auto last = parts_.table.copy(entry);
    last.state = end.state;
    last.error = end.failed;
    last.results = results_of(last.request, end.results);
    if (end.session)
        last.session = end.session;
    // The clocks of two hosts differ; what is shown must not end before it began, or in the future.
    const auto now = parts_.clock.wall_now();
    const auto begun = std::min(last.started_at.value_or(last.created_at), now);
    last.finished_at = std::clamp(end.finished_at.value_or(now), begun, now);
    return last;
}

void remote_node::adopt(const entry_ptr& entry, const job_ptr& left) {
    const attempt which{left->id, left->restarts};
    {
        const std::lock_guard lock(mutex_);
        board_.adopt(entry, which, left->request.change, left->node_instance);
    }
    static_cast<void>(parts_.table.claim(entry));
    parts_.table.started(entry, name_, left->started_at.value_or(left->created_at), interrupter(entry, which),
                         left->node_instance);
}

remote_board::leftovers remote_node::give_up() {
    remote_board::leftovers left;
    std::vector<model::session_info> closed;
    {
        const std::lock_guard lock(mutex_);
        presence_ = presence::offline;
        closed = board_.sessions();
        left = board_.give_up();
    }
    for (const auto& each : closed)
        announce_session(each.id, each.device, "closed");
    return left;
}

} // namespace ferrule::devices
