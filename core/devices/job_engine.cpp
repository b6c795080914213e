#include "devices/job_engine.hpp"

#include "base/id.hpp"
#include "base/log.hpp"
#include "devices/job_end.hpp"
#include "runtime/event.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::devices {

namespace {

error not_found(const std::string& id) {
    return error("job_not_found", "there is no job " + id + "; it may be older than the retention time");
}

error shutting_down() {
    return error("shutting_down", "the daemon is stopping and takes no new jobs", true);
}

// What changes nothing may begin while its record is being written. The client hears of it only afterwards, its end is
// kept until then, and if the record cannot be written it is ended and forgotten.
bool begins_early(const model::job& one) {
    return !one.request.change;
}

} // namespace

job_engine::job_engine(node_parts& parts, const inventory& known, job_records& records,
                       std::shared_ptr<plugins::scheduler> chooser, agent_sender* agents)
    : parts_(parts)
    , known_(known)
    , records_(records)
    , agents_(agents)
    , nodes_(parts, placement(std::move(chooser)), agents != nullptr)
    , expiry_(parts.loop.make_strand()) {
    parts_.write = [this](const model::job& record, std::function<void(result<void>)> done) {
        records_.put(record, std::move(done));
    };
    parts_.finish = [this](entry_ptr entry, model::job last) { finish(std::move(entry), std::move(last)); };
    parts_.waits_again = [this] { arm_expiry(); };
}

job_engine::~job_engine() = default;

result<resolved_ptr> job_engine::admit(const model::job_request& request) const {
    const auto count = request.commands.size() + request.config.size();
    if (count > parts_.limits.max_commands)
        return error("invalid_request", "commands: " + std::to_string(count) +
                                            " items are more than jobs.max_commands (" +
                                            std::to_string(parts_.limits.max_commands) + ") allows");
    if (request.timeout && *request.timeout > parts_.limits.max_timeout)
        return error("invalid_request", "timeout: " + base::to_text(*request.timeout) +
                                            " is more than jobs.max_timeout (" +
                                            base::to_text(parts_.limits.max_timeout) + ") allows");
    auto at = resolve(known_, request);
    if (!at)
        return at.error();
    if (const auto& name = (*at)->at().platform; !name.empty())
        if (const auto platform = parts_.platforms(name); !platform)
            return platform.error();
    return at;
}

// The lock makes one order of three: ids, places in the queue, places on disk.
void job_engine::enqueue(const entry_ptr& entry, node* chosen, base::steady_time deadline, const std::string& key,
                         const std::string& fingerprint, std::function<void(result<void>)> done) {
    parts_.table.add(entry, deadline);
    if (!nodes_.place(entry, chosen)) {
        parts_.table.withdraw(entry);
        asio::post(parts_.loop.get_executor(), [done = std::move(done)] { done(shutting_down()); });
        return;
    }
    const auto first = parts_.table.view(entry);
    const bool early = begins_early(*first);
    auto stored = [this, entry, done = std::move(done)](result<void> written) {
        recorded(entry, static_cast<bool>(written));
        entry->place.load()->wake(entry);
        done(std::move(written));
    };
    if (key.empty())
        records_.put(*first, std::move(stored));
    else
        records_.put_with_key(*first, key, fingerprint, std::move(stored));
    if (early)
        parts_.table.may_begin(entry);
}

asio::awaitable<result<accepted>> job_engine::submit(model::job_request request, submission by) {
    if (stopping_)
        co_return shutting_down();
    if (by.idempotency_key.empty())
        co_return co_await accept(std::move(request), std::move(by.owner), {}, {});
    auto key = idempotency::scoped(by.owner, by.idempotency_key);
    auto fingerprint = idempotency::fingerprint(request);
    if (!keys_.claim(key))
        co_return error("idempotency_in_progress",
                        "a request with the same Idempotency-Key is being answered right now: try again", true);
    const std::unique_ptr<const std::string, std::function<void(const std::string*)>> release(
        &key, [this](const std::string* used) { keys_.release(*used); });
    auto used = co_await records_.find_key(key);
    if (!used)
        co_return used.error();
    if (*used)
        co_return co_await repeated(std::move(**used), std::move(fingerprint));
    co_return co_await accept(std::move(request), std::move(by.owner), key, std::move(fingerprint));
}

asio::awaitable<result<accepted>> job_engine::repeated(job_records::key_use use, std::string fingerprint) {
    if (use.fingerprint != fingerprint)
        co_return error("idempotency_conflict",
                        "this Idempotency-Key was used for a different request before: use a new "
                        "key for a new request");
    auto before = co_await get(std::move(use.job));
    if (!before)
        co_return before.error();
    accepted again;
    again.job = std::move(*before);
    again.repeated = true;
    co_return again;
}

asio::awaitable<result<accepted>> job_engine::accept(model::job_request request, std::string owner, std::string key,
                                                     std::string fingerprint) {
    auto at = admit(request);
    if (!at) {
        parts_.figures.jobs_rejected.Increment();
        co_return at.error();
    }
    if (parts_.table.queued() >= parts_.limits.max_queued) {
        parts_.figures.jobs_rejected.Increment();
        co_return error(
            "overloaded",
            std::to_string(parts_.limits.max_queued) + " jobs are waiting already (jobs.max_queued): try again", true);
    }
    const auto chosen = nodes_.choose(**at, request.how);
    if (!chosen) {
        parts_.figures.jobs_rejected.Increment();
        co_return chosen.error();
    }
    node* const node_chosen = *chosen;
    const auto wait_limit = request.ttl.value_or(parts_.limits.default_ttl);
    const auto run_limit = request.timeout.value_or(parts_.limits.default_timeout);
    auto first = std::make_shared<model::job>();
    first->request = std::move(request);
    first->device = (*at)->device->name;
    first->owner = std::move(owner);
    const auto deadline = parts_.clock.steady_now() + wait_limit;

    const bool early = begins_early(*first);
    entry_ptr entry;
    std::optional<result<void>> written;
    auto start = [&](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        // Once the record is on its way the coroutine may go on, and end, on another thread, and takes this lambda
        // along: from then on only what lies on the stack is used.
        const bool wakes = early;
        entry_ptr made;
        auto done = [shared, &written](result<void> outcome) {
            written.emplace(std::move(outcome));
            asio::dispatch(asio::get_associated_executor(*shared), [shared] { (*shared)(); });
        };
        {
            const std::lock_guard lock(order_);
            first->id = base::make_id();
            first->created_at = parts_.clock.wall_now();
            entry = made = std::make_shared<job_entry>(std::move(first), *at, run_limit);
            enqueue(made, node_chosen, deadline, key, fingerprint, std::move(done));
        }
        // Without the lock: what begins may end at once, on this thread.
        if (wakes)
            made->place.load()->wake(made);
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    if (!*written)
        co_return written->error();
    arm_expiry();
    place_soon(); // a node may have come while it was put there
    accepted made;
    made.job = parts_.table.view(entry);
    co_return made;
}

asio::awaitable<result<job_ptr>> job_engine::get(std::string id) {
    if (auto shown = parts_.table.view(std::string_view(id)))
        co_return shown;
    auto kept = co_await records_.get(id);
    if (!kept)
        co_return kept.error();
    if (!*kept)
        co_return not_found(id);
    co_return std::make_shared<const model::job>(std::move(**kept));
}

asio::awaitable<result<job_ptr>> job_engine::wait(std::string id, base::duration limit) {
    const auto living = parts_.table.find(id);
    if (!living)
        co_return co_await get(std::move(id));
    const auto on = co_await asio::this_coro::executor;
    const auto ended = std::make_shared<runtime::event>(on);
    const std::function<void()> tell = [on, ended] { asio::dispatch(on, [ended] { ended->set(); }); };
    const auto told = std::make_shared<const std::function<void()>>(tell);
    if (!parts_.table.when_final(living, told))
        co_await ended->wait_until(parts_.clock.steady_now() + limit);
    co_return parts_.table.view(living);
}

asio::awaitable<result<model::page<job_ptr>>> job_engine::list(job_query query) {
    if (query.state && !model::is_final(*query.state))
        co_return living(query);
    auto kept = co_await records_.list(std::move(query));
    if (!kept)
        co_return kept.error();
    for (auto& each : kept->items) {
        if (model::is_final(each->state))
            continue;
        if (auto shown = parts_.table.view(std::string_view(each->id)))
            each = std::move(shown);
    }
    co_return kept;
}

// Records do not tell queued jobs from those that run, but everything that is not final is here.
model::page<job_ptr> job_engine::living(const job_query& query) const {
    std::vector<job_ptr> found;
    for (const auto& each : parts_.table.unfinished()) {
        auto shown = parts_.table.view(each);
        const bool wanted = shown->state == *query.state && (query.device.empty() || shown->device == query.device) &&
                            (query.cursor.empty() || shown->id < query.cursor);
        if (wanted)
            found.push_back(std::move(shown));
    }
    const auto shown = std::min<std::size_t>(query.limit, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(shown), found.end(),
                      [](const auto& left, const auto& right) { return left->id > right->id; });
    model::page<job_ptr> page;
    if (shown < found.size() && shown > 0)
        page.next = found[shown - 1]->id;
    found.resize(shown);
    page.items = std::move(found);
    return page;
}

asio::awaitable<result<job_ptr>> job_engine::cancel(std::string id) {
    const auto living = parts_.table.find(id);
    if (!living) {
        auto kept = co_await get(id);
        if (!kept)
            co_return kept.error();
        co_return error("job_finished",
                        "the job has ended already: it is " + std::string(model::to_text((*kept)->state)));
    }
    switch (parts_.table.cancel(living)) {
    case job_table::cancel_outcome::claimed:
        end_unstarted(parts_, living, model::job_state::cancelled,
                      error("cancelled", "it was cancelled while it waited"));
        living->place.load()->wake(living);
        co_return co_await wait(std::move(id), std::chrono::seconds(5));
    case job_table::cancel_outcome::interrupted:
        co_return parts_.table.view(living);
    case job_table::cancel_outcome::not_durable:
        co_return not_found(id);
    case job_table::cancel_outcome::final:
        break;
    }
    co_return error("job_finished", "the job has ended already");
}

std::vector<model::session_info> job_engine::sessions() const {
    return nodes_.sessions();
}

asio::awaitable<result<void>> job_engine::close_session(std::string id, bool force) {
    co_return nodes_.close_session(id, force);
}

} // namespace ferrule::devices
