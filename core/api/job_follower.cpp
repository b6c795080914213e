#include "api/job_follower.hpp"

#include "api/sse.hpp"
#include "base/json.hpp"
#include "model/job_json.hpp"

#include <functional>

namespace ferrule::api {

using base::json;

namespace {

/// More commands than any job may have; keeps an event that lies about its index from taking memory.
constexpr std::size_t most_results = 1'000'000;

std::optional<std::size_t> number(const json& data, const char* key) {
    const auto at = data.find(key);
    if (at == data.end() || !at->is_number_unsigned())
        return std::nullopt;
    return at->get<std::size_t>();
}

std::string member_text(const json& data, const char* key) {
    const auto at = data.find(key);
    return at != data.end() && at->is_string() ? at->get<std::string>() : std::string();
}

} // namespace

job_follower::told& job_follower::at(std::size_t index) {
    if (told_.size() <= index)
        told_.resize(index + 1);
    return told_[index];
}

void job_follower::learn_commands(const model::job& now) {
    if (commands_.empty())
        for (const auto& each : now.request.commands)
            commands_.push_back(each.text);
    if (commands_.empty())
        commands_ = now.request.config;
    for (auto i = commands_.size(); i < now.results.size(); ++i)
        commands_.push_back(now.results[i].command);
}

std::string job_follower::snapshot(const model::job& now) {
    std::string text;
    learn_commands(now);
    gap_ = false;
    const bool final = model::is_final(now.state);
    if (!final)
        tell_state(text, std::string(model::to_text(now.state)), model::to_json(now, false));
    for (std::size_t i = 0; i < now.results.size(); ++i) {
        const auto& each = now.results[i];
        const auto seen = at(i).output;
        if (seen < each.output.size())
            tell_output(text, i, seen, std::string_view(each.output).substr(seen));
        // The last one of a running job may still grow.
        if (final || i + 1 < now.results.size())
            tell_result(text, i, model::to_json(each));
    }
    if (final) {
        const std::string state(model::to_text(now.state));
        tell_state(text, state, model::to_json(now, false));
        append_event(text, "end", base::dump(json{{"id", now.id}, {"state", state}}));
        ended_ = true;
    }
    return text;
}

std::string job_follower::event(const state::event& happened) {
    std::string text;
    auto data = json::parse(happened.data, nullptr, false);
    if (ended_ || !data.is_object())
        return text;
    if (happened.topic == "job") {
        const auto state = member_text(data, "state");
        const auto known = model::job_state_from(state);
        final_seen_ = known && model::is_final(*known);
        // The final state is told after the last results, by the snapshot.
        if (known && !final_seen_)
            tell_state(text, state, data);
        return text;
    }
    const auto index = number(data, "index").value_or(told_.empty() ? 0 : told_.size() - 1);
    if (index >= most_results)
        return text;
    if (happened.topic == "job.output") {
        const auto offset = number(data, "offset").value_or(at(index).output);
        if (!comes_too_early(index, offset))
            tell_output(text, index, offset, member_text(data, "text"));
    } else if (happened.topic == "job.result" && !comes_too_early(index, 0)) {
        const auto output = member_text(data, "output");
        const auto seen = at(index).output;
        if (seen < output.size())
            tell_output(text, index, seen, std::string_view(output).substr(seen));
        data.erase("index");
        data.erase("job");
        tell_result(text, index, std::move(data));
    }
    return text;
}

// After a loss of events, or when the listener came between the end of one command and the first output of the next.
bool job_follower::comes_too_early(std::size_t index, std::size_t offset) {
    const bool early = offset > at(index).output || (index > 0 && !at(index - 1).result);
    gap_ = gap_ || early;
    return early;
}

void job_follower::tell_state(std::string& to, const std::string& state, const json& job) {
    if (state == state_)
        return;
    state_ = state;
    append_event(to, "state", base::dump(job));
}

void job_follower::tell_output(std::string& to, std::size_t index, std::size_t offset, std::string_view text) {
    auto& before = at(index);
    if (offset + text.size() <= before.output)
        return;
    if (offset < before.output) {
        text.remove_prefix(before.output - offset);
        offset = before.output;
    }
    before.output = offset + text.size();
    json piece{{"index", index}, {"offset", offset}, {"text", text}};
    if (index < commands_.size())
        piece["command"] = commands_[index];
    append_event(to, "output", base::dump(piece));
}

void job_follower::tell_result(std::string& to, std::size_t index, json result) {
    result["index"] = index;
    const auto data = base::dump(result);
    const auto hash = std::hash<std::string>()(data);
    auto& before = at(index);
    if (before.result == hash)
        return;
    before.result = hash;
    append_event(to, "result", data);
}

} // namespace ferrule::api
