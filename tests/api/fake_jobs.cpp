#include "api/fake_jobs.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "model/job_json.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace ferrule::api_test {

using base::json;
using job_ptr = std::shared_ptr<const model::job>;

asio::awaitable<result<devices::accepted>> fake_jobs::submit(model::job_request request, devices::submission by) {
    const std::lock_guard lock(mutex_);
    if (failure_)
        co_return *std::exchange(failure_, std::nullopt);
    last_owner_ = by.owner;
    std::string contents = request.device;
    for (const auto& each : request.commands)
        contents += "\n" + each.text;
    devices::accepted outcome;
    if (!by.idempotency_key.empty()) {
        if (const auto at = keys_.find(by.idempotency_key); at != keys_.end()) {
            if (at->second.second != contents)
                co_return error("idempotency_conflict", "this Idempotency-Key was used for another request");
            outcome.job = jobs_[at->second.first];
            outcome.repeated = true;
            co_return outcome;
        }
    }
    auto made = std::make_shared<model::job>();
    made->id = base::make_id();
    made->device = request.device;
    made->request = std::move(request);
    made->created_at = base::system_clock().wall_now();
    if (!by.idempotency_key.empty())
        keys_[by.idempotency_key] = {made->id, contents};
    outcome.job = made;
    jobs_[made->id] = std::move(made);
    co_return outcome;
}

asio::awaitable<result<job_ptr>> fake_jobs::wait(std::string id, base::duration limit) {
    auto job = find(id);
    if (!job)
        co_return error("job_not_found", "there is no job " + id);
    if (model::is_final(job->state))
        co_return job;
    const auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, limit);
    {
        const std::lock_guard lock(mutex_);
        waiters_.emplace(id, timer);
    }
    ++waiting;
    boost::system::error_code ignored;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    co_return find(id);
}

asio::awaitable<result<job_ptr>> fake_jobs::get(std::string id) {
    auto job = find(id);
    if (!job)
        co_return error("job_not_found", "there is no job " + id);
    co_return job;
}

asio::awaitable<result<model::page<job_ptr>>> fake_jobs::list(devices::job_query query) {
    model::page<job_ptr> page;
    const std::lock_guard lock(mutex_);
    last_query_ = query;
    for (auto at = jobs_.rbegin(); at != jobs_.rend(); ++at) {
        if (!query.cursor.empty() && at->first >= query.cursor)
            continue;
        if (page.items.size() == query.limit) {
            page.next = page.items.back()->id;
            break;
        }
        page.items.push_back(at->second);
    }
    co_return page;
}

asio::awaitable<result<job_ptr>> fake_jobs::cancel(std::string id) {
    const auto job = find(id);
    if (!job)
        co_return error("job_not_found", "there is no job " + id);
    if (model::is_final(job->state))
        co_return error("job_finished", "the job has already ended");
    if (job->state == model::job_state::queued)
        finish(id, model::job_state::cancelled);
    co_return find(id);
}

std::vector<model::session_info> fake_jobs::sessions() const {
    model::session_info one;
    one.id = "s1";
    one.device = "frr1";
    one.driver = "ssh";
    one.host = "192.0.2.1";
    one.port = 22;
    one.username = "admin";
    one.node = "local";
    one.state = "idle";
    one.commands = 3;
    return {one};
}

asio::awaitable<result<void>> fake_jobs::close_session(std::string id, bool force) {
    if (id != "s1")
        co_return error("session_not_found", "there is no session " + id);
    forced = force;
    co_return ok();
}

void fake_jobs::fail_with(error why) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(why);
}

std::string fake_jobs::make(const std::string& device) {
    auto made = std::make_shared<model::job>();
    made->id = base::make_id();
    made->device = device;
    made->created_at = base::system_clock().wall_now();
    const std::lock_guard lock(mutex_);
    auto id = made->id;
    jobs_[id] = std::move(made);
    return id;
}

template <class Change>
job_ptr fake_jobs::change(const std::string& id, Change what) {
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<model::job>(*jobs_.at(id));
    what(*next);
    jobs_[id] = next;
    return next;
}

void fake_jobs::begin(const std::string& id) {
    const auto now = change(id, [](model::job& job) { job.state = model::job_state::running; });
    bus_.publish("job", id, base::dump(model::to_json(*now, false)));
}

void fake_jobs::output(const std::string& id, std::size_t index, const std::string& text) {
    std::size_t offset = 0;
    change(id, [&](model::job& job) {
        if (job.results.size() <= index)
            job.results.resize(index + 1);
        job.results[index].command = "command " + std::to_string(index);
        offset = job.results[index].output.size();
        job.results[index].output += text;
    });
    bus_.publish("job.output", id, base::dump(json{{"index", index}, {"offset", offset}, {"text", text}}));
}

void fake_jobs::result_of(const std::string& id, std::size_t index) {
    const auto now = change(id, [&](model::job& job) { job.results.at(index).elapsed_ms = 1.5; });
    auto shown = model::to_json(now->results.at(index));
    shown["index"] = index;
    bus_.publish("job.result", id, base::dump(shown));
}

void fake_jobs::finish(const std::string& id, model::job_state state) {
    const auto now = change(id, [&](model::job& job) {
        job.state = state;
        job.finished_at = base::system_clock().wall_now();
    });
    bus_.publish("job", id, base::dump(model::to_json(*now, false)));
    const std::lock_guard lock(mutex_);
    const auto [from, to] = waiters_.equal_range(id);
    for (auto at = from; at != to; ++at)
        asio::post(at->second->get_executor(), [timer = at->second] { timer->cancel(); });
    waiters_.erase(from, to);
}

devices::job_query fake_jobs::last_query() const {
    const std::lock_guard lock(mutex_);
    return last_query_;
}

std::string fake_jobs::last_owner() const {
    const std::lock_guard lock(mutex_);
    return last_owner_;
}

job_ptr fake_jobs::find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto at = jobs_.find(id);
    return at == jobs_.end() ? nullptr : at->second;
}

} // namespace ferrule::api_test
