// Ends of attempts that were given up.
#include "devices/job_engine.hpp"

#include "base/log.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::devices {

void job_engine::ended_late(const std::string& name, const ended_job& end, std::function<void()> taken) {
    {
        const std::lock_guard lock(late_mutex_);
        auto& all = late_[{end.which.id, end.which.run}].taken;
        all.push_back(std::move(taken));
        if (all.size() > 1)
            return; // it came again; one answer is for all
    }
    compare_late(name, end);
}

// A result is the only proof of what became of a change that nobody could answer for. It is taken when it belongs to
// that very attempt on that very node; any other final state stays as it was told.
void job_engine::compare_late(const std::string& name, const ended_job& end) {
    const auto living = parts_.table.find(end.which.id);
    if (!living) {
        runtime::spawn(parts_.loop.make_strand(), "devices", correct(name, end));
        return;
    }
    const auto shown = parts_.table.bare(living);
    if (!shown->request.change || shown->node != name || shown->restarts != end.which.run) {
        base::log::warn("devices", "the end of a job that runs elsewhere is dropped",
                        {{"job", end.which.id}, {"node", name}});
        late_settled(end.which, true);
        return;
    }
    // Its end as `unknown` is being written; looked at again once it is.
    auto again = std::make_shared<const std::function<void()>>(
        [this, name, end] { asio::post(parts_.loop.get_executor(), [this, name, end] { compare_late(name, end); }); });
    {
        const std::lock_guard lock(late_mutex_);
        late_[{end.which.id, end.which.run}].looks_again = again;
    }
    if (parts_.table.when_final(living, again))
        (*again)();
}

// Not safe: it is not acknowledged, and its node will repeat it.
void job_engine::late_settled(const attempt& which, bool safe) {
    late_end over;
    {
        const std::lock_guard lock(late_mutex_);
        const auto at = late_.find({which.id, which.run});
        if (at == late_.end())
            return;
        over = std::move(at->second);
        late_.erase(at);
    }
    if (!safe)
        return;
    for (const auto& each : over.taken)
        each();
}

asio::awaitable<void> job_engine::correct(std::string node, ended_job end) {
    auto kept = co_await records_.get(end.which.id);
    if (!kept) {
        base::log::warn("devices", "the end of a job cannot be compared with its record; its node will repeat it",
                        {{"job", end.which.id}, {"node", node}, {"why", kept.error().message()}});
        late_settled(end.which, false);
        co_return;
    }
    const bool fits = *kept && (*kept)->state == model::job_state::unknown && (*kept)->node == node &&
                      (*kept)->restarts == end.which.run;
    if (!fits) {
        base::log::info("devices", "the end of a job that has ended already is dropped",
                        {{"job", end.which.id}, {"node", node}});
        late_settled(end.which, true);
        co_return;
    }
    auto last = std::make_shared<model::job>(std::move(**kept));
    last->state = end.state;
    last->error = std::move(end.failed);
    last->results = results_of(last->request, std::move(end.results));
    last->session = std::move(end.session);
    const auto now = parts_.clock.wall_now();
    last->finished_at = std::clamp(end.finished_at.value_or(now), std::min(last->created_at, now), now);
    records_.put(*last, [this, last, node, which = end.which](const result<void>& written) {
        if (written) {
            base::log::info("devices", "a change that was unknown has ended after all",
                            {{"job", last->id}, {"node", node}, {"state", std::string(model::to_text(last->state))}});
            parts_.table.corrected(last);
        }
        late_settled(which, static_cast<bool>(written));
    });
}

} // namespace ferrule::devices
