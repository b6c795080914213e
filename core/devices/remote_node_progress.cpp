// What an agent shows of jobs while they run, and of its sessions.
#include "devices/remote_node.hpp"

#include "base/json.hpp"

#include <utility>

namespace ferrule::devices {

namespace {

constexpr std::size_t longest_session_id = 64;

// What is asked of a device: commands, or lines of a configuration.
std::size_t steps_of(const model::job_request& asked) {
    return asked.commands.size() + asked.config.size();
}

const std::string& text_of(const model::job_request& asked, std::size_t index) {
    return index < asked.commands.size() ? asked.commands[index].text : asked.config[index - asked.commands.size()];
}

} // namespace

void remote_node::progress(const job_progress& step) {
    retry();
    if (step.session.id.size() > longest_session_id)
        return;
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
    if (fresh && board_.session_count() > most_sessions_)
        return false; // an agent that has nothing to hide does not come this far
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
    if (step.index >= steps_of(asked->request))
        return;
    const bool again = step.index + 1 < job.results || (step.index + 1 == job.results && job.settled);
    if (again) { // on a fresh session
        parts_.table.restart_results(entry);
        job.results = job.shown = 0;
        job.broken = step.index > 0;
    }
    if (step.index == job.results) {
        parts_.table.begin_result(entry, text_of(asked->request, step.index));
        ++job.results;
        job.settled = job.broken = false;
    }
    if (step.index + 1 != job.results || job.broken)
        return;
    job.shown += step.text.size();
    if (const auto& why = step.result.failed)
        job.shown += why->message().size() + why->details().size();
    if (job.shown > parts_.limits.job_output_limit) {
        job.broken = true;
        return;
    }
    if (step.happened == job_progress::what::output) {
        parts_.table.append_output(entry, step.text);
    } else {
        auto settled = step.result;
        settled.command = text_of(asked->request, step.index);
        parts_.table.end_result(entry, std::move(settled));
        job.settled = true;
    }
}

} // namespace ferrule::devices
