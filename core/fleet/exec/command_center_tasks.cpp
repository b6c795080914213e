// Tasks: from the disk to the link, and to their end on the disk.
#include "fleet/exec/command_center.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/exec/messages.hpp"
#include "model/command_json.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::fleet::exec {

namespace {

constexpr base::duration first_pause = std::chrono::seconds(1);
constexpr base::duration longest_pause = std::chrono::minutes(1);
/// After its last moment an order that nobody answered is sent once more: the agent then says what became of it.
constexpr std::chrono::seconds asked_after{60};
/// A cancellation is valid for so long from when it is sent.
constexpr std::chrono::minutes cancel_lifetime{5};

std::size_t index(model::task_state state) noexcept {
    return static_cast<std::size_t>(state);
}

std::size_t output_of(const model::command_task& task) noexcept {
    return task.result.out.size() + task.result.err.size();
}

} // namespace

void command_center::set_state(const task_ptr& which, model::task_state state) {
    auto& counts = which->of->now.counts;
    --counts[index(which->now.state)];
    ++counts[index(state)];
    which->now.state = state;
}

order command_center::order_for(const live_task& which, action what) const {
    const auto& command = which.of->now;
    order made;
    made.task_id = which.now.id;
    made.target = which.now.agent;
    made.what = what;
    if (what == action::cancel) {
        made.issued_at = parts_.clock.wall_now();
        made.not_after = made.issued_at + cancel_lifetime;
        made.nonce = base::random_token(18);
    } else {
        made.issued_at = command.created_at;
        made.not_after = command.not_after;
        made.nonce = which.now.nonce;
        made.spec = command.request.what;
    }
    return made;
}

base::wall_time command_center::silent_until(const live_task& which) const {
    const auto& command = which.of->now;
    const auto span = command.request.what.timeout + parts_.limits.answer_within;
    return command.not_after + std::chrono::ceil<std::chrono::milliseconds>(span);
}

void command_center::dispatch(const task_ptr& which, outbox& out) {
    if (which->ending || !which->durable || stopping_)
        return;
    const auto& task = which->now;
    if (const auto known = parts_.agents.find(task.agent); known && known->state == model::agent_state::revoked)
        return give_up(which, out);
    if (task.state == model::task_state::queued) {
        if (parts_.clock.wall_now() > which->of->now.not_after) {
            model::task_result how;
            how.failed.emplace(
                "expired", "the agent was not connected before " + base::to_rfc3339(which->of->now.not_after), true);
            finish(which, model::task_state::expired, std::move(how), out);
        } else if (parts_.link.is_connected(task.agent)) {
            mark_sent(which, out);
        }
        return;
    }
    if (parts_.link.is_connected(task.agent))
        out.orders.emplace_back(task.agent, order_for(*which, task.cancelling ? action::cancel : action::run));
}

// Nothing is sent to an agent that was revoked, and nothing that it says is heard.
void command_center::give_up(const task_ptr& which, outbox& out) {
    auto how = which->now.result;
    const bool never_left = which->now.state == model::task_state::queued;
    how.failed.emplace("agent_revoked", never_left ? "the agent was revoked before this reached it"
                                                   : "the agent was revoked while it had this, so whether it did its "
                                                     "work is not known, and it may still run: look at the host");
    finish(which, never_left ? model::task_state::refused : model::task_state::unknown, std::move(how), out);
}

// Not before it stands on the disk that the order may have left does it leave.
void command_center::mark_sent(const task_ptr& which, outbox& out) {
    if (!parts_.link.has_feature(which->now.agent, feature)) {
        model::task_result how;
        how.failed.emplace("not_supported", "the agent \"" + which->now.agent + "\" does not know commands: update it");
        return finish(which, model::task_state::refused, std::move(how), out);
    }
    set_state(which, model::task_state::sent);
    which->durable = false;
    std::vector<store::record> records{records_.make(which->now)};
    records_.write(std::move(records), [self = shared_from_this(), which](const result<void>& stored) {
        outbox later_out;
        {
            const std::lock_guard lock(self->mutex_);
            which->durable = true;
            if (!stored)
                self->set_state(which, model::task_state::queued);
            else
                self->dispatch(which, later_out);
        }
        self->send(later_out);
        if (stored)
            return;
        base::log::error("fleet", "a command cannot be marked as sent; it is tried again",
                         {{"task", which->now.id}, {"why", stored.error().message()}});
        self->later(first_pause, [self, which] {
            outbox again;
            {
                const std::lock_guard lock(self->mutex_);
                self->dispatch(which, again);
            }
            self->send(again);
        });
    });
}

void command_center::finish(const task_ptr& which, model::task_state state, model::task_result how, outbox& out) {
    if (which->ending)
        return;
    which->ending = true;
    auto& command = *which->of;
    auto last = which->now;
    last.state = state;
    last.cancelling = false;
    last.result = std::move(how);
    ++command.settled[index(state)];
    std::vector<store::record> records{records_.make(last)};
    if (--command.open == 0) {
        auto whole = command.now;
        whole.counts = command.settled;
        whole.finished_at = parts_.clock.wall_now();
        command.now.finished_at = whole.finished_at;
        records.push_back(records_.make(whole));
    }
    out.calls.emplace_back([self = shared_from_this(), which, records = std::move(records), last = std::move(last)] {
        self->store_end(which, records, last, first_pause);
    });
}

void command_center::store_end(const task_ptr& which, std::vector<store::record> records, model::command_task last,
                               base::duration pause) {
    auto kept = records; // for another attempt
    records_.write(std::move(records), [self = shared_from_this(), which, kept = std::move(kept),
                                        last = std::move(last), pause](const result<void>& stored) mutable {
        if (stored)
            return self->stored_end(which, std::move(last));
        base::log::error("fleet", "the end of a command cannot be stored; it is tried again",
                         {{"task", last.id}, {"why", stored.error().message()}});
        if (stored.error().code() == "record_too_large" && output_of(last) > 0) {
            last.result.out_truncated = last.result.err_truncated = true;
            last.result.out.clear();
            last.result.err.clear();
            kept.front() = self->records_.make(last);
        }
        self->later(pause, [self, which, kept = std::move(kept), last = std::move(last), pause]() mutable {
            self->store_end(which, std::move(kept), std::move(last), std::min(pause * 2, longest_pause));
        });
    });
}

void command_center::stored_end(const task_ptr& which, model::command_task last) {
    outbox out;
    std::vector<std::function<void()>> taken;
    {
        const std::lock_guard lock(mutex_);
        auto& command = *which->of;
        live_bytes_ -= std::min(live_bytes_, output_of(which->now));
        set_state(which, last.state);
        which->now = std::move(last);
        publish_task(*which, out);
        taken.swap(which->taken);
        tasks_.erase(which->now.id);
        if (parts_.figures != nullptr) {
            parts_.figures->ended(which->now.state);
            parts_.figures->unfinished(tasks_.size());
        }
        const auto of = by_agent_.find(which->now.agent);
        if (of != by_agent_.end() && of->second.erase(which->now.id) != 0 && of->second.empty())
            by_agent_.erase(of);
        std::erase(command.tasks, which);
        if (command.tasks.empty()) {
            publish_command(command, out);
            for (const auto& each : command.waiting)
                if (const auto told = each.lock())
                    out.calls.push_back(*told);
            commands_.erase(command.now.id);
        }
    }
    send(out);
    for (const auto& each : taken)
        each();
}

void command_center::publish_task(const live_task& shown, outbox& out) const {
    if (!parts_.bus.wanted())
        return;
    auto data = model::to_json(shown.now, false);
    out.calls.emplace_back(
        [this, key = shown.now.command, text = base::dump(data)] { parts_.bus.publish("command.task", key, text); });
}

void command_center::publish_command(const live_command& shown, outbox& out) const {
    if (!parts_.bus.wanted())
        return;
    out.calls.emplace_back([this, key = shown.now.id, text = base::dump(model::to_json(shown.now))] {
        parts_.bus.publish("command", key, text);
    });
}

// Signing takes its time, so it is done here, without the lock.
void command_center::send(outbox& out) {
    std::vector<std::string> full; // agents that take nothing right now
    for (const auto& [agent, given] : out.orders) {
        const auto body = base::dump(seal(given, parts_.key));
        if (!parts_.link.send(agent, command_kind, body) && parts_.link.is_connected(agent) &&
            (full.empty() || full.back() != agent))
            full.push_back(agent);
    }
    if (parts_.figures != nullptr)
        parts_.figures->sent(out.orders.size());
    out.orders.clear();
    for (const auto& each : out.calls)
        each();
    out.calls.clear();
    for (auto& agent : full)
        later(first_pause, [self = shared_from_this(), agent = std::move(agent)] { self->agent_changed(agent); });
}

void command_center::later(base::duration pause, std::function<void()> what) {
    auto timer = std::make_shared<asio::steady_timer>(parts_.on);
    timer->expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(pause));
    timer->async_wait([self = shared_from_this(), timer, what = std::move(what)](const auto& failed) {
        bool ended = false;
        {
            const std::lock_guard lock(self->mutex_);
            ended = self->stopping_;
        }
        if (!failed && !ended)
            what();
    });
}

void command_center::set_due(const task_ptr& which, base::wall_time when) {
    due_.emplace(when, which);
    arm();
}

void command_center::arm() {
    if (stopping_ || due_.empty() || due_.begin()->first >= armed_)
        return;
    armed_ = due_.begin()->first;
    const auto wait = std::max(armed_ - parts_.clock.wall_now(), std::chrono::milliseconds(0));
    // A wall clock may be set; looking again once an hour keeps that from mattering for longer.
    timer_.expires_after(
        std::min<std::chrono::milliseconds>(wait + std::chrono::milliseconds(1), std::chrono::hours(1)));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& failed) {
        const auto self = weak.lock();
        if (!failed && self)
            self->on_due();
    });
}

void command_center::on_due() {
    outbox out;
    {
        const std::lock_guard lock(mutex_);
        armed_ = base::wall_time::max();
        const auto now = parts_.clock.wall_now();
        while (!stopping_ && !due_.empty() && due_.begin()->first <= now) {
            const auto which = due_.begin()->second.lock();
            due_.erase(due_.begin());
            if (!which || which->ending)
                continue;
            const auto last = which->of->now.not_after;
            if (which->now.state != model::task_state::queued && now >= silent_until(*which)) {
                auto how = which->now.result;
                how.failed.emplace("no_answer", "the agent has not said what became of it, so whether it ran is not "
                                                "known");
                finish(which, model::task_state::unknown, std::move(how), out);
                continue;
            }
            if (now > last)
                dispatch(which, out);
            if (!which->ending)
                due_.emplace(now <= last                ? last + std::chrono::milliseconds(1)
                             : now < last + asked_after ? last + asked_after
                                                        : std::max(silent_until(*which), now + asked_after),
                             which);
        }
        arm();
    }
    send(out);
}

} // namespace ferrule::fleet::exec
