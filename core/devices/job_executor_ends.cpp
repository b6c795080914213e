// How the ends of jobs are kept for the controller, and what is remembered of them.
#include "devices/job_executor.hpp"

#include "base/log.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::devices {

namespace {

constexpr base::duration first_pause = std::chrono::milliseconds(100);
constexpr base::duration longest_pause = std::chrono::seconds(5);

} // namespace

// Two attempts at one job may be here at once, when the first was given up and does not know it.
std::string job_executor::name_here(const attempt& which) {
    return which.run == 0 ? which.id : which.id + "." + std::to_string(which.run);
}

// The controller asks again for what it never heard of, but this has been carried out, or nobody knows any more. The
// lock is held.
bool job_executor::may_have_run(const run_order& order) const {
    return order.request.change &&
           (changes_.contains(name_here(order.which)) || (order.again && order.which.id <= forgotten_));
}

void job_executor::refuse(const attempt& which, model::job_state state, const error& why) {
    ended_job end;
    end.which = which;
    end.state = state;
    end.failed = why;
    end.finished_at = parts_.clock.wall_now();
    const auto name = name_here(which);
    {
        const std::lock_guard lock(mutex_);
        if (!held_.emplace(name, held{which, false, nullptr}).second)
            return;
    }
    deliver(name, std::make_shared<const std::vector<std::string>>(to_parts(end, limits_.longest_end)), 0, first_pause);
}

void job_executor::finish(const entry_ptr& entry, model::job last) {
    ended_job end;
    {
        const std::lock_guard lock(mutex_);
        end.which = held_.at(entry->id).which;
    }
    end.state = last.state;
    end.failed = last.error;
    end.started_at = last.started_at;
    end.finished_at = last.finished_at;
    end.session = last.session;
    end.results = std::move(last.results);
    deliver(entry->id, std::make_shared<const std::vector<std::string>>(to_parts(end, limits_.longest_end)), 0,
            first_pause);
    parts_.table.finished(entry, std::make_shared<const model::job>(std::move(last)));
}

// The job stays among those that are here until its end is on disk, so that a greeting never leaves it out.
void job_executor::deliver(const std::string& here, std::shared_ptr<const std::vector<std::string>> parts,
                           std::size_t from, base::duration pause) {
    const auto& part = (*parts)[from];
    link_.deliver(kind::end, part, [this, here, parts, from, pause](const result<void>& kept) {
        if (kept && from + 1 == parts->size()) {
            told(here);
        } else if (kept) {
            deliver(here, parts, from + 1, first_pause);
        } else {
            base::log::error("devices", "the end of a job cannot be kept for the controller; it is tried again",
                             {{"job", here}, {"why", kept.error().message()}});
            auto timer = std::make_shared<asio::steady_timer>(parts_.loop.get_executor(), pause);
            timer->async_wait([this, timer, here, parts, from, pause](const boost::system::error_code& failed) {
                if (!failed)
                    deliver(here, parts, from, std::min(pause * 2, longest_pause));
            });
        }
    });
}

void job_executor::told(const std::string& here) {
    const std::lock_guard lock(mutex_);
    const auto at = held_.find(here);
    if (at == held_.end())
        return;
    if (at->second.change && changes_.insert(here).second)
        oldest_changes_.push_back(at->second.which);
    held_.erase(at);
    if (oldest_changes_.size() > limits_.remembered_changes) {
        const auto& oldest = oldest_changes_.front();
        forgotten_ = std::max(forgotten_, oldest.id);
        changes_.erase(name_here(oldest));
        oldest_changes_.pop_front();
    }
}

} // namespace ferrule::devices
