#include "devices/job_table.hpp"

#include "model/job_json.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

job_table::job_table(state::event_bus& bus, state::metrics& figures, std::size_t keep_finished, std::size_t keep_bytes)
    : bus_(bus)
    , figures_(figures)
    , ended_(keep_finished, keep_bytes) {}

void job_table::add(const entry_ptr& added, base::steady_time deadline) {
    const std::lock_guard lock(mutex_);
    alive_.emplace(added->id, added);
    added->expires = deadline;
    set_deadline(added);
    ++queued_;
    figures_.jobs_queued.Increment();
}

job_ptr job_table::withdraw(const entry_ptr& rejected) {
    std::function<void()> interrupt;
    job_ptr ended;
    {
        const std::lock_guard lock(mutex_);
        rejected->refused = true;
        if (!std::exchange(rejected->claimed, true)) {
            drop_deadline(*rejected);
            alive_.erase(rejected->id);
            --queued_;
            figures_.jobs_queued.Decrement();
            return nullptr;
        }
        interrupt = rejected->interrupt;
        ended = std::exchange(rejected->held, nullptr);
    }
    if (interrupt && !ended)
        interrupt();
    return ended;
}

void job_table::may_begin(const entry_ptr& added) {
    const std::lock_guard lock(mutex_);
    added->ready = true;
}

job_table::ending job_table::offer_end(const entry_ptr& ended, const job_ptr& last) {
    const std::lock_guard lock(mutex_);
    if (ended->refused)
        return ending::refused;
    if (ended->durable)
        return ending::to_store;
    ended->held = last;
    return ending::held;
}

job_ptr job_table::made_durable(const entry_ptr& accepted) {
    job_ptr untold;
    {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(accepted->told, true)) {
            untold = accepted->now;
            accepted->ready = false; // first told, then let go: what follows is also told later
        }
    }
    figures_.jobs_accepted.Increment();
    if (untold)
        publish(*untold);
    const std::lock_guard lock(mutex_);
    accepted->durable = true;
    accepted->ready = true;
    if (!accepted->has_deadline && !accepted->claimed)
        set_deadline(accepted); // it passed while the record was being written
    return std::exchange(accepted->held, nullptr);
}

bool job_table::is_claimed(const entry_ptr& each) const {
    const std::lock_guard lock(mutex_);
    return each->claimed;
}

entry_ptr job_table::find(std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const auto at = alive_.find(std::string(id));
    return at == alive_.end() ? nullptr : at->second;
}

job_ptr job_table::view(const entry_ptr& each) const {
    const std::lock_guard lock(mutex_);
    if ((!each->session && each->progress.empty()) || model::is_final(each->now->state))
        return each->now;
    return std::make_shared<const model::job>(shown_now(*each));
}

job_ptr job_table::bare(const entry_ptr& each) const {
    const std::lock_guard lock(mutex_);
    return each->now;
}

model::job job_table::copy(const entry_ptr& each) const {
    const std::lock_guard lock(mutex_);
    return shown_now(*each);
}

// What changes while a job runs is kept beside it, so that not each step makes another job.
model::job job_table::shown_now(const job_entry& each) {
    auto shown = *each.now;
    if (model::is_final(shown.state))
        return shown;
    shown.session = each.session;
    shown.results = each.progress;
    return shown;
}

job_ptr job_table::view(std::string_view id) const {
    if (const auto living = find(id))
        return view(living);
    const std::lock_guard lock(mutex_);
    return ended_.find(id);
}

bool job_table::claim(const entry_ptr& wanted) {
    const std::lock_guard lock(mutex_);
    if (!wanted->ready || std::exchange(wanted->claimed, true))
        return false;
    drop_deadline(*wanted);
    wanted->tells = !std::exchange(wanted->told, true);
    return true;
}

bool job_table::claim_durable(const entry_ptr& wanted) {
    const std::lock_guard lock(mutex_);
    if (!wanted->durable || !wanted->ready || std::exchange(wanted->claimed, true))
        return false;
    drop_deadline(*wanted);
    wanted->tells = !std::exchange(wanted->told, true);
    return true;
}

job_ptr job_table::started(const entry_ptr& running, std::string node, base::wall_time when,
                           std::function<void()> interrupt, std::string instance) {
    job_ptr shown;
    job_ptr untold;
    {
        const std::lock_guard lock(mutex_);
        if (running->tells)
            untold = running->now;
        auto next = std::make_shared<model::job>(*running->now);
        next->state = model::job_state::running;
        next->node = std::move(node);
        next->started_at = when;
        next->node_instance = std::move(instance);
        running->now = shown = std::move(next);
        running->interrupt = std::move(interrupt);
        --queued_;
    }
    figures_.jobs_queued.Decrement();
    figures_.jobs_running.Increment();
    if (untold)
        publish(*untold);
    publish(*shown);
    return shown;
}

job_ptr job_table::moved(const entry_ptr& running, std::string instance) {
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<model::job>(*running->now);
    next->node_instance = std::move(instance);
    running->now = std::move(next);
    return running->now;
}

bool job_table::requeue(const entry_ptr& running) {
    job_ptr shown;
    {
        const std::lock_guard lock(mutex_);
        if (running->cancelling)
            return false;
        auto next = std::make_shared<model::job>(*running->now);
        const bool ran = next->state == model::job_state::running;
        next->state = model::job_state::queued;
        next->node.clear();
        next->node_instance.clear();
        next->started_at.reset();
        ++next->restarts;
        running->now = shown = std::move(next);
        running->interrupt = nullptr;
        running->session.reset();
        running->progress.clear();
        running->published = 0;
        running->claimed = false;
        running->tells = false;
        set_deadline(running);
        if (!ran)
            return true;
        ++queued_;
    }
    figures_.jobs_running.Decrement();
    figures_.jobs_queued.Increment();
    publish(*shown);
    return true;
}

void job_table::finished(const entry_ptr& ended, job_ptr last) {
    end(ended, last, true);
    figures_.job_finished(last->state, last->request.how).Increment();
    const auto took = last->finished_at.value_or(last->created_at) - last->created_at;
    figures_.job_seconds.Observe(std::chrono::duration<double>(took).count());
}

bool job_table::is_refused(const entry_ptr& running) const {
    const std::lock_guard lock(mutex_);
    return running->refused;
}

void job_table::dropped(const entry_ptr& ended, job_ptr last) {
    end(ended, last, false);
}

void job_table::corrected(const job_ptr& last) {
    {
        const std::lock_guard lock(mutex_);
        ended_.replace(last);
    }
    publish(*last);
}

void job_table::end(const entry_ptr& ended, const job_ptr& last, bool keep) {
    std::vector<std::weak_ptr<const std::function<void()>>> told;
    bool ran = false;
    {
        const std::lock_guard lock(mutex_);
        ran = ended->now->state == model::job_state::running;
        drop_deadline(*ended);
        ended->now = last;
        ended->interrupt = nullptr;
        ended->progress.clear();
        told.swap(ended->waiting);
        alive_.erase(ended->id);
        if (!ran)
            --queued_;
        if (keep)
            ended_.keep(last);
    }
    (ran ? figures_.jobs_running : figures_.jobs_queued).Decrement();
    publish(*last);
    for (const auto& each : told)
        if (const auto call = each.lock())
            (*call)();
}

job_table::cancel_outcome job_table::cancel(const entry_ptr& wanted) {
    std::function<void()> interrupt;
    {
        const std::lock_guard lock(mutex_);
        if (model::is_final(wanted->now->state))
            return cancel_outcome::final;
        if (!wanted->durable && !wanted->claimed)
            return cancel_outcome::not_durable;
        if (!std::exchange(wanted->claimed, true)) {
            drop_deadline(*wanted);
            return cancel_outcome::claimed;
        }
        wanted->cancelling = true;
        interrupt = wanted->interrupt;
    }
    if (interrupt)
        interrupt();
    return cancel_outcome::interrupted;
}

void job_table::interrupt(const entry_ptr& running) {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        running->interrupted = true;
        call = running->interrupt;
    }
    if (call)
        call();
}

bool job_table::is_interrupted(const entry_ptr& running) const {
    const std::lock_guard lock(mutex_);
    return running->interrupted;
}

bool job_table::is_cancelling(const entry_ptr& running) const {
    const std::lock_guard lock(mutex_);
    return running->cancelling;
}

bool job_table::when_final(const entry_ptr& watched, const listener& told) {
    const std::lock_guard lock(mutex_);
    if (model::is_final(watched->now->state))
        return true;
    auto& waiting = watched->waiting;
    if (waiting.size() >= watched->tidy_at) {
        std::erase_if(waiting, [](const auto& each) { return each.expired(); });
        watched->tidy_at = std::max<std::size_t>(16, 2 * waiting.size());
    }
    waiting.push_back(told);
    return false;
}

std::vector<entry_ptr> job_table::claim_expired(base::steady_time now) {
    std::vector<entry_ptr> expired;
    const std::lock_guard lock(mutex_);
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto each = deadlines_.begin()->second;
        drop_deadline(*each);
        // One that is not durable yet is looked at again when it is.
        if (each->durable && !std::exchange(each->claimed, true))
            expired.push_back(each);
    }
    return expired;
}

std::optional<base::steady_time> job_table::next_deadline() const {
    const std::lock_guard lock(mutex_);
    return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
}

std::size_t job_table::queued() const {
    const std::lock_guard lock(mutex_);
    return queued_;
}

std::vector<entry_ptr> job_table::unfinished() const {
    const std::lock_guard lock(mutex_);
    std::vector<entry_ptr> all;
    all.reserve(alive_.size());
    for (const auto& [id, each] : alive_)
        if (each->durable || each->claimed)
            all.push_back(each);
    return all;
}

void job_table::set_deadline(const entry_ptr& each) {
    each->deadline = deadlines_.emplace(each->expires, each);
    each->has_deadline = true;
}

void job_table::drop_deadline(job_entry& each) {
    if (std::exchange(each.has_deadline, false))
        deadlines_.erase(each.deadline);
}

void job_table::publish(const model::job& changed) {
    if (bus_.wanted())
        bus_.publish("job", changed.id, model::to_json_text(changed, false));
}

} // namespace ferrule::devices
