#include "devices/job_end.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace ferrule::devices {

asio::awaitable<result<void>> note_running(node_parts& parts, job_ptr shown) {
    if (!shown->request.change && shown->restarts == 0)
        co_return ok();
    std::optional<result<void>> outcome;
    auto start = [&parts, &shown, &outcome](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        parts.write(*shown, [shared, &outcome](result<void> written) {
            outcome.emplace(std::move(written));
            asio::dispatch(asio::get_associated_executor(*shared), [shared] { (*shared)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    co_return std::move(*outcome);
}

std::optional<error> must_not_begin(const node_parts& parts, const entry_ptr& entry) {
    std::optional<error> why;
    if (parts.table.is_cancelling(entry) || parts.table.is_interrupted(entry))
        why.emplace("cancelled", "it was cancelled before it reached the device");
    else if (parts.table.is_refused(entry))
        why.emplace("cancelled", "it was not accepted, because its record could not be written");
    return why;
}

model::job_state final_state(const run_outcome& outcome) {
    if (!outcome.failed)
        return model::job_state::succeeded;
    return outcome.failed->code() == "cancelled" ? model::job_state::cancelled : model::job_state::failed;
}

void end_job(node_parts& parts, const entry_ptr& entry, run_outcome outcome) {
    const bool cut = final_state(outcome) == model::job_state::cancelled;
    if (cut && parts.table.is_interrupted(entry) && !parts.table.is_cancelling(entry))
        return; // the record stays as it is, and the next start decides: run it again, or nobody can say
    auto last = parts.table.copy(entry);
    last.state = final_state(outcome);
    last.error = std::move(outcome.failed);
    last.finished_at = parts.clock.wall_now();
    parts.finish(entry, std::move(last));
}

void end_unstarted(node_parts& parts, const entry_ptr& entry, model::job_state state, error why) {
    auto last = parts.table.copy(entry);
    last.state = state;
    last.error = std::move(why);
    last.finished_at = parts.clock.wall_now();
    parts.finish(entry, std::move(last));
}

} // namespace ferrule::devices
