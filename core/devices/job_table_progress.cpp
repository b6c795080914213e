// What is known of a job while it runs.
#include "devices/job_table.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "model/job_json.hpp"

#include <utility>

namespace ferrule::devices {

using base::json;

void job_table::watch_sessions(std::function<void(const entry_ptr&, const model::session_ref&)> hear) {
    session_chosen_ = std::move(hear);
}

void job_table::session_chosen(const entry_ptr& running, model::session_ref session) {
    if (session_chosen_)
        session_chosen_(running, session);
    const std::lock_guard lock(mutex_);
    running->session = std::move(session);
}

void job_table::begin_result(const entry_ptr& running, std::string command) {
    const std::lock_guard lock(mutex_);
    running->progress.emplace_back().command = std::move(command);
    running->published = 0;
}

void job_table::append_output(const entry_ptr& running, std::string_view bytes) {
    json shown;
    {
        const std::lock_guard lock(mutex_);
        if (running->progress.empty())
            return;
        auto& output = running->progress.back().output;
        output += bytes;
        if (!bus_.wanted())
            return;
        // Whole characters only: the rest of one that is cut comes with the next bytes.
        const auto fresh = base::complete_utf8(std::string_view(output).substr(running->published));
        if (fresh.empty())
            return;
        shown = json{{"job", running->id},
                     {"index", running->progress.size() - 1},
                     {"offset", running->published},
                     {"text", fresh}};
        running->published += fresh.size();
    }
    bus_.publish("job.output", running->id, base::dump(shown));
}

void job_table::end_result(const entry_ptr& running, model::command_result settled) {
    std::string data;
    {
        const std::lock_guard lock(mutex_);
        if (running->progress.empty())
            return;
        auto& last = running->progress.back();
        settled.output = std::move(last.output);
        last = std::move(settled);
        if (bus_.wanted()) {
            data = model::to_json_text(last);
            data.insert(1, "\"job\":\"" + running->id + "\",\"index\":" + std::to_string(running->progress.size() - 1) +
                               ",");
        }
    }
    if (!data.empty())
        bus_.publish("job.result", running->id, std::move(data));
}

void job_table::restart_results(const entry_ptr& running) {
    const std::lock_guard lock(mutex_);
    running->progress.clear();
    running->published = 0;
}

} // namespace ferrule::devices
