// How the controller sees a job while it runs. All of this is told now or never: the end tells everything again.
#include "devices/job_executor.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "model/job_json.hpp"

#include <utility>

namespace ferrule::devices {

using base::json;

namespace {

constexpr std::size_t most_at_once = std::size_t{128} << 10U; // a byte takes at most six in JSON

} // namespace

void job_executor::tell_session(const entry_ptr& entry, const model::session_ref& chosen) {
    job_progress step;
    step.happened = job_progress::what::session;
    {
        const std::lock_guard lock(mutex_);
        const auto at = held_.find(entry->id);
        if (at == held_.end())
            return;
        step.which = at->second.which;
    }
    step.session = chosen;
    link_.send(kind::progress, to_text(step));
}

asio::awaitable<void> job_executor::forward([[maybe_unused]] runtime::gate::pass pass) {
    std::uint64_t lagged = 0;
    for (;;) {
        auto events = co_await events_->next(base::steady_time::max());
        if (events_->closed())
            co_return;
        if (const auto lost = events_->lagged(); lost != std::exchange(lagged, lost) && lost != 0) {
            const std::lock_guard lock(mutex_);
            for (auto& [name, each] : held_)
                each.cut = 0; // nothing more of what runs now; a gap must not pass for output
        }
        for (const auto& each : events)
            each->topic == "session" ? forward_session(*each) : forward(*each);
    }
}

void job_executor::forward(const state::event& happened) {
    const auto data = json::parse(happened.data, nullptr, false);
    if (!data.is_object())
        return;
    base::object_reader reader(data);
    job_progress step;
    step.index = static_cast<std::size_t>(reader.integer_or("index", 0, 0, INT32_MAX));
    if (happened.topic == "job.output") {
        step.happened = job_progress::what::output;
    } else {
        step.happened = job_progress::what::result;
        step.result = model::result_from_json(data);
        step.result.output.clear();  // which went ahead of it
        step.result.command.clear(); // which the controller asked for
    }
    {
        const std::lock_guard lock(mutex_);
        const auto at = held_.find(happened.key);
        if (at == held_.end() || at->second.cut <= step.index)
            return;
        step.which = at->second.which;
    }
    if (step.happened == job_progress::what::output ? send_output(step, reader.text_or("text", "")) : send_step(step))
        return;
    const std::lock_guard lock(mutex_);
    if (const auto at = held_.find(happened.key); at != held_.end())
        at->second.cut = step.index;
}

// A driver may hand over as much as it likes at once, the link takes messages of a certain length.
bool job_executor::send_output(job_progress& step, std::string_view text) {
    while (!text.empty()) {
        step.text = base::complete_utf8(text.substr(0, most_at_once));
        if (step.text.empty() || !send_step(step))
            return false;
        text.remove_prefix(step.text.size());
    }
    return true;
}

bool job_executor::send_step(const job_progress& step) {
    auto text = to_text(step);
    return text.size() < longest_order && link_.send(kind::progress, std::move(text));
}

// What is opened is told by the job that it is opened for.
void job_executor::forward_session(const state::event& happened) {
    const auto data = json::parse(happened.data, nullptr, false);
    if (!data.is_object() || base::object_reader(data).text_or("state", "") != "closed")
        return;
    job_progress step;
    step.happened = job_progress::what::closed;
    step.session.id = happened.key;
    link_.send(kind::progress, to_text(step));
}

} // namespace ferrule::devices
