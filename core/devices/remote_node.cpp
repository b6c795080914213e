#include "devices/remote_node.hpp"

#include "base/log.hpp"
#include "base/secret.hpp"
#include "devices/job_end.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::devices {

namespace {

constexpr auto retry_pause = std::chrono::seconds(1);

} // namespace

error node_lost(const std::string& node, bool change) {
    if (change)
        return error("node_lost", "the node " + node +
                                      " went away while this change ran, so whether the device carried it out is not "
                                      "known: look at the device before you repeat it");
    return error("node_lost", std::to_string(most_restarts + 1) + " nodes or processes went away while this job ran, " +
                                  "the last one was " + node + ", so it is not begun again: look at their logs");
}

remote_node::remote_node(std::string name, node_parts& parts, agent_sender& link)
    : name_(std::move(name))
    , parts_(parts)
    , link_(link)
    , board_(parts.table) {
    about_.name = name_;
}

bool remote_node::push(const entry_ptr& entry) {
    const std::lock_guard lock(mutex_);
    if (stopped_)
        return false;
    board_.push(entry);
    return true;
}

void remote_node::wake(const entry_ptr& entry) {
    if (parts_.table.is_claimed(entry)) {
        const std::lock_guard lock(mutex_);
        board_.dropped(entry);
    }
    go_on(entry);
}

void remote_node::go_on(const entry_ptr& after) {
    const std::lock_guard lock(mutex_);
    if (!stopped_)
        begin(board_.next(after));
}

bool remote_node::has(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    return board_.has(key);
}

model::node_info remote_node::info() const {
    const std::lock_guard lock(mutex_);
    return info_now();
}

// The lock is held.
model::node_info remote_node::info_now() const {
    auto now = about_;
    now.count = static_cast<std::uint32_t>(board_.count());
    now.load = load_ ? load_() : 0;
    now.online = presence_ == presence::attached;
    return now;
}

std::optional<model::node_info> remote_node::offer(const resolved_target& at) const {
    std::optional<model::node_info> made;
    const std::lock_guard lock(mutex_);
    if (presence_ == presence::attached && model::matches(at.device->nodes, about_) &&
        std::find(drivers_.begin(), drivers_.end(), at.at().driver) != drivers_.end())
        made = info_now();
    return made;
}

bool remote_node::may_return(const resolved_target& at) const {
    const std::lock_guard lock(mutex_);
    return (presence_ == presence::expected || presence_ == presence::detached) &&
           model::matches(at.device->nodes, about_);
}

std::vector<model::session_info> remote_node::sessions() const {
    const std::lock_guard lock(mutex_);
    return board_.sessions();
}

result<void> remote_node::close_session(const std::string& id, bool force) {
    const std::lock_guard lock(mutex_);
    if (board_.find_session(id) == nullptr)
        return no_such_session(id);
    auto order = std::string(R"({"id":")") + id + R"(","force":)" + (force ? "true}" : "false}");
    if (!board_.attached() || !link_.send(name_, kind::close, std::move(order)))
        return error("node_unreachable", "the session is on the node " + name_ + ", which is not connected: try again",
                     true);
    return ok();
}

asio::awaitable<void> remote_node::stop(base::duration) {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    co_return;
}

remote_node::presence remote_node::where() const {
    const std::lock_guard lock(mutex_);
    return presence_;
}

void remote_node::describe(std::string region, model::labels tags, std::function<double()> load) {
    const std::lock_guard lock(mutex_);
    load_ = std::move(load);
    about_.region = std::move(region);
    about_.tags = std::move(tags);
    if (presence_ == presence::offline)
        presence_ = presence::expected;
}

// Each job is shown as running from the moment at which it is taken for the agent: what may be cancelled in the queue
// is what nobody has begun to send. The lock is held until the write is queued, so that on disk, too, giving the agent
// up and what follows from it come later.
void remote_node::begin(const std::vector<given>& begun) {
    for (const auto& each : begun) {
        auto shown = parts_.table.started(each.entry, name_, parts_.clock.wall_now(),
                                          interrupter(each.entry, each.which), each.instance);
        note(each.entry, each.which, shown, each.instance);
    }
}

std::function<void()> remote_node::interrupter(const entry_ptr& entry, const attempt& which) {
    return [this, weak = std::weak_ptr(entry), which] {
        const auto running = weak.lock();
        // When this process stops the agent goes on; only a client ends its jobs.
        if (running && parts_.table.is_cancelling(running))
            cancel(running, which);
    };
}

// Where it runs is on disk before the agent hears of it: after a crash nothing is repeated that must not be, and what
// still runs there is waited for. The lock is held.
void remote_node::note(const entry_ptr& entry, const attempt& which, const job_ptr& shown, std::string instance) {
    parts_.write(*shown, [this, entry, which, instance = std::move(instance)](const result<void>& written) {
        noted(entry, which, instance, written);
    });
}

void remote_node::noted(const entry_ptr& entry, const attempt& which, const std::string& instance,
                        const result<void>& written) {
    if (!written) {
        drop(entry, which, model::job_state::failed, written.error());
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        auto* const job = board_.find(which);
        if (job == nullptr || job->entry != entry || job->at != stage::noting)
            return; // it goes elsewhere meanwhile
        job->instance = instance;
        job->at = stage::ready;
    }
    tell(entry, which);
}

void remote_node::tell(const entry_ptr& entry, const attempt& which) {
    if (auto why = must_not_begin(parts_, entry); why && parts_.table.is_cancelling(entry)) {
        drop(entry, which, model::job_state::cancelled, std::move(*why));
        return;
    }
    run_order wanted;
    wanted.which = which;
    wanted.at = entry->at;
    wanted.request = parts_.table.bare(entry)->request;
    wanted.timeout = entry->timeout;
    if (const auto& name = entry->at->at().platform; !name.empty()) {
        const auto platform = parts_.platforms(name);
        if (!platform) {
            drop(entry, which, model::job_state::failed, platform.error());
            return;
        }
        wanted.platform = **platform;
    }
    {
        const std::lock_guard lock(mutex_);
        const auto* const job = board_.find(which);
        wanted.again = job != nullptr && job->again;
    }
    auto order = to_text(wanted);
    if (order.size() > longest_order) {
        const auto size = order.size();
        base::wipe(order);
        drop(entry, which, model::job_state::failed,
             error("job_too_large", "the job takes " + std::to_string(size) +
                                        " bytes, more than fit into a message to the agent " + name_ + " (" +
                                        std::to_string(longest_order) + "): split it"));
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        auto* const job = board_.find(which);
        const bool wanted_still = job != nullptr && job->entry == entry && job->at == stage::ready;
        if (wanted_still && board_.attached() && !stopped_) {
            if (job->instance == board_.instance()) {
                post(*job, order);
            } else {
                job->at = stage::noting; // the agent was restarted, and the record must name the process that it is now
                note(entry, which, parts_.table.moved(entry, board_.instance()), board_.instance());
            }
        }
    }
    base::wipe(order);
}

bool remote_node::post(given& job, std::string& order) {
    if (!link_.send(name_, kind::run, std::move(order))) {
        retry_later();
        return false;
    }
    job.at = stage::sent;
    return true;
}

// The lock is held.
void remote_node::post_cancel(given& job) {
    job.cancel = !link_.send(name_, kind::cancel, to_text(job.which));
    if (job.cancel)
        retry_later();
}

// What the link would not take is offered again when the agent is heard of, or in a while. The lock is held.
void remote_node::retry_later() {
    if (std::exchange(stuck_, true))
        return;
    auto timer = std::make_shared<asio::steady_timer>(parts_.loop.get_executor(), retry_pause);
    timer->async_wait([this, timer](const boost::system::error_code& failed) {
        if (!failed)
            retry();
    });
}

void remote_node::retry() {
    std::vector<given> waiting;
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(stuck_, false) || !board_.attached())
            return;
        for (auto* const each : board_.to_cancel())
            post_cancel(*each);
        waiting = board_.ready();
    }
    for (const auto& each : waiting)
        tell(each.entry, each.which);
}

void remote_node::cancel(const entry_ptr& entry, const attempt& which) {
    {
        const std::lock_guard lock(mutex_);
        auto* const job = board_.find(which);
        if (job == nullptr || job->at == stage::noting) // tell() looks
            return;
        if (job->at == stage::doubtful)
            job->cancel = true; // the agent's next greeting tells whether it has the job
        if (job->at == stage::sent)
            post_cancel(*job);
        if (job->at != stage::ready)
            return;
    }
    drop(entry, which, model::job_state::cancelled, error("cancelled", "it was cancelled before it reached the node"));
}

// Ends a job that the agent does not have.
void remote_node::drop(const entry_ptr& entry, const attempt& which, model::job_state state, error why) {
    {
        const std::lock_guard lock(mutex_);
        auto* const job = board_.find(which);
        if (job == nullptr || job->entry != entry || job->at == stage::sent)
            return;
        board_.remove(which);
    }
    end_unstarted(parts_, entry, state, std::move(why));
    go_on(entry);
}

} // namespace ferrule::devices
