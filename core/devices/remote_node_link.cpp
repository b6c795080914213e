// What an agent says, and what follows from it.
#include "devices/remote_node.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "devices/job_end.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

void remote_node::greeted(const job_hello& hello) {
    remote_board::greeting wanted;
    std::vector<given> begun;
    {
        const std::lock_guard lock(mutex_);
        presence_ = presence::attached;
        stuck_ = false;
        drivers_ = hello.drivers;
        capacity_ = hello.capacity;
        wanted = board_.greet(hello);
        std::erase_if(wanted.cancel, [this](const auto& each) { return ending_.contains(each.id); });
        for (const auto& each : wanted.cancel)
            if (!link_.send(name_, kind::cancel, to_text(each)))
                if (auto* const job = board_.find(each))
                    job->cancel = true;
        for (auto& session : hello.sessions)
            if (auto* const shown = board_.find_session(session.id))
                shown->node = name_;
        if (!stopped_)
            begun = board_.next();
    }
    announce(true);
    for (const auto& each : wanted.tell_again)
        tell(each.entry, each.which);
    begin(std::move(begun));
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
            if (!begins_again(*each))
                continue;
            board_.push_front(each->entry);
            parts_.table.requeue(each->entry);
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
    return !job.change && job.which.run < most_restarts && !parts_.table.is_cancelling(job.entry);
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

void remote_node::progress(const job_progress& step) {
    retry();
    using what = job_progress::what;
    std::string device;
    const bool ends = step.happened == what::closed;
    bool opened = false;
    {
        const std::lock_guard lock(mutex_);
        if (ends) {
            const auto* const known = board_.find_session(step.session.id);
            if (known == nullptr)
                return;
            device = known->device;
            board_.session_closed(step.session.id);
        } else if (auto* const job = board_.find(step.which); job != nullptr && job->at == stage::sent) {
            device = job->entry->at->device->name;
            if (step.happened == what::session)
                opened = session_chosen(*job, step.session.id);
            show(*job, step);
        }
    }
    if (ends || opened)
        announce_session(step.session.id, device, ends ? "closed" : "opened");
}

// True for a new one. Told before the job's first output, so that the device is tied to the agent before the job ends.
bool remote_node::session_chosen(const given& job, const std::string& id) {
    const bool fresh = board_.find_session(id) == nullptr;
    if (fresh) {
        const auto& at = *job.entry->at;
        model::session_info session;
        session.id = id;
        session.device = at.device->name;
        session.driver = at.at().driver;
        session.host = at.at().host;
        session.port = at.at().port;
        session.username = at.login ? at.login->username : std::string();
        session.node = name_;
        session.opened_at = parts_.clock.wall_now();
        board_.session_opened(std::move(session), job.entry->how == model::strategy::pinned);
    }
    auto* const session = board_.find_session(id);
    session->state = "busy";
    session->last_used_at = parts_.clock.wall_now();
    return fresh;
}

void remote_node::announce_session(const std::string& id, const std::string& device, const char* state) const {
    if (parts_.bus.wanted())
        parts_.bus.publish("session", id, base::dump(base::json{{"id", id}, {"device", device}, {"state", state}}));
}

// Live output is what arrived without a gap; the end brings all of it.
void remote_node::show(given& job, const job_progress& step) {
    const auto& entry = job.entry;
    if (step.happened == job_progress::what::session) {
        parts_.table.session_chosen(entry, step.session);
        return;
    }
    const auto asked = parts_.table.bare(entry);
    if (step.index >= asked->request.commands.size())
        return;
    const bool again = step.index + 1 < job.results || (step.index + 1 == job.results && job.settled);
    if (again) { // on a fresh session
        parts_.table.restart_results(entry);
        job.results = 0;
        job.broken = step.index > 0;
    }
    if (step.index == job.results) {
        parts_.table.begin_result(entry, asked->request.commands[step.index].text);
        ++job.results;
        job.settled = job.broken = false;
    }
    if (step.index + 1 != job.results || job.broken)
        return;
    if (step.happened == job_progress::what::output) {
        parts_.table.append_output(entry, step.text);
    } else {
        auto settled = step.result;
        settled.command = asked->request.commands[step.index].text;
        parts_.table.end_result(entry, std::move(settled));
        job.settled = true;
    }
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
    const std::lock_guard lock(mutex_);
    presence_ = presence::offline;
    return board_.give_up();
}

} // namespace ferrule::devices
