// The job as clients see it and as it is stored. Both are written for each job, so they are written straight as text.
#include "model/job_json.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "model/inventory_json.hpp"

#include <cmath>

namespace ferrule::model {

using base::json;
using base::json_text;

namespace {

double rounded(double milliseconds) {
    return std::round(milliseconds * 1000) / 1000;
}

void write_time(json_text& to, std::string_view name, const std::optional<base::wall_time>& time) {
    to.key(name);
    if (time)
        to.value(base::to_rfc3339(*time));
    else
        to.null();
}

void write_labels(json_text& to, const labels& tags) {
    if (!tags.empty())
        to.key("labels").raw(base::dump(json(tags)));
}

void write(json_text& to, const command_result& shown) {
    to.begin_object();
    to.member("command", shown.command);
    to.member("output", shown.output);
    to.member("elapsed_ms", rounded(shown.elapsed_ms));
    to.member("truncated", shown.truncated);
    to.key("exit_status");
    if (shown.exit_status)
        to.value(std::int64_t{*shown.exit_status});
    else
        to.null();
    if (shown.skipped)
        to.member("skipped", true);
    if (shown.failed)
        to.key("error").raw(base::dump(base::to_json(*shown.failed)));
    to.end_object();
}

void write(json_text& to, const command& asked) {
    if (asked.prompts.empty()) {
        to.value(asked.text);
        return;
    }
    to.begin_object().member("command", asked.text).key("prompts").begin_array();
    for (const auto& prompt : asked.prompts)
        to.begin_object().member("pattern", prompt.pattern).end_object();
    to.end_array().end_object();
}

void write(json_text& to, const job_request& request) {
    to.begin_object();
    if (!request.device.empty())
        to.member("device", request.device);
    if (request.inline_at) {
        auto target = to_json(request.inline_at->at);
        if (request.inline_at->login)
            target["username"] = request.inline_at->login->username;
        to.key("target").raw(base::dump(target));
    }
    if (!request.commands.empty()) {
        to.key("commands").begin_array();
        for (const auto& each : request.commands)
            write(to, each);
        to.end_array();
    }
    if (!request.config.empty()) {
        to.key("config").begin_array();
        for (const auto& each : request.config)
            to.value(each);
        to.end_array();
    }
    to.member("strategy", to_text(request.how));
    to.member("change", request.change);
    to.member("stop_on_error", request.stop_on_error);
    if (request.raw)
        to.member("raw", true);
    if (request.ttl)
        to.member("ttl", base::to_text(*request.ttl));
    if (request.timeout)
        to.member("timeout", base::to_text(*request.timeout));
    write_labels(to, request.tags);
    to.end_object();
}

// The members of the public shape.
void write(json_text& to, const job& shown, bool with_results) {
    to.member("id", shown.id);
    to.member("state", to_text(shown.state));
    to.member("device", shown.device);
    to.key("node");
    if (shown.node.empty())
        to.null();
    else
        to.value(shown.node);
    to.member("strategy", to_text(shown.request.how));
    to.member("change", shown.request.change);
    write_labels(to, shown.request.tags);
    to.member("created_at", base::to_rfc3339(shown.created_at));
    write_time(to, "started_at", shown.started_at);
    write_time(to, "finished_at", shown.finished_at);
    to.key("session");
    if (shown.session)
        to.begin_object().member("id", shown.session->id).member("reused", shown.session->reused).end_object();
    else
        to.null();
    if (with_results) {
        to.key("results").begin_array();
        for (const auto& each : shown.results)
            write(to, each);
        to.end_array();
    }
    to.key("error");
    if (shown.error)
        to.raw(base::dump(base::to_json(*shown.error)));
    else
        to.null();
}

} // namespace

std::string to_json_text(const job& shown, bool with_results) {
    json_text text;
    text.begin_object();
    write(text, shown, with_results);
    return text.end_object().take();
}

std::string to_json_text(const command_result& shown) {
    json_text text;
    write(text, shown);
    return text.take();
}

json to_json(const job& shown, bool with_results) {
    return json::parse(to_json_text(shown, with_results), nullptr, false);
}

json to_json(const command_result& shown) {
    return json::parse(to_json_text(shown), nullptr, false);
}

std::string request_text(const job_request& request) {
    json_text text;
    write(text, request);
    return text.take();
}

std::string to_record_text(const job& kept, std::string_view sealed) {
    json_text text;
    text.begin_object();
    write(text, kept, true);
    write(text.key("request"), kept.request);
    text.member("owner", kept.owner);
    if (kept.restarts > 0)
        text.member("restarts", kept.restarts);
    if (!kept.node_instance.empty())
        text.member("node_instance", kept.node_instance);
    if (!sealed.empty())
        text.member("sealed", sealed);
    return text.end_object().take();
}

} // namespace ferrule::model
