// The job as clients see it.
#include "model/job_json.hpp"

#include "base/json.hpp"

#include <cmath>

namespace ferrule::model {

using base::json;

namespace {

double rounded(double milliseconds) {
    return std::round(milliseconds * 1000) / 1000;
}

json optional_time(const std::optional<base::wall_time>& time) {
    return time ? json(base::to_rfc3339(*time)) : json();
}

} // namespace

json to_json(const command_result& shown) {
    json value{{"command", shown.command},
               {"output", shown.output},
               {"elapsed_ms", rounded(shown.elapsed_ms)},
               {"truncated", shown.truncated},
               {"exit_status", shown.exit_status ? json(*shown.exit_status) : json()}};
    if (shown.skipped)
        value["skipped"] = true;
    if (shown.failed)
        value["error"] = base::to_json(*shown.failed);
    return value;
}

json to_json(const job& shown, bool with_results) {
    json value{{"id", shown.id},
               {"state", to_text(shown.state)},
               {"device", shown.device},
               {"node", shown.node.empty() ? json() : json(shown.node)},
               {"strategy", to_text(shown.request.how)},
               {"change", shown.request.change},
               {"created_at", base::to_rfc3339(shown.created_at)},
               {"started_at", optional_time(shown.started_at)},
               {"finished_at", optional_time(shown.finished_at)},
               {"session", nullptr},
               {"error", shown.error ? base::to_json(*shown.error) : json()}};
    if (shown.session)
        value["session"] = json{{"id", shown.session->id}, {"reused", shown.session->reused}};
    if (!shown.request.tags.empty())
        value["labels"] = shown.request.tags;
    if (with_results) {
        value["results"] = json::array();
        for (const auto& each : shown.results)
            value["results"].push_back(to_json(each));
    }
    return value;
}

std::string to_json_text(const job& shown) {
    return base::dump(to_json(shown));
}

} // namespace ferrule::model
