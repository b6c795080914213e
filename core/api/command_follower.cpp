#include "api/command_follower.hpp"

#include "api/sse.hpp"
#include "base/json.hpp"
#include "model/command_json.hpp"

namespace ferrule::api {

using base::json;

namespace {

std::string text_of(const json& from, const char* key) {
    const auto at = from.find(key);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string();
}

} // namespace

std::string command_follower::command(const model::fleet_command& now) {
    std::string text;
    if (ended_)
        return text;
    if (!std::exchange(begun_, true))
        append_event(text, "state", base::dump(model::to_json(now)));
    // Its results are told before its end.
    if (now.finished_at && results_ >= now.total) {
        append_event(text, "end", base::dump(model::to_json(now)));
        ended_ = true;
    }
    return text;
}

void command_follower::tell_output(std::string& to, const std::string& id, const std::string& agent, bool err,
                                   std::size_t offset, std::string_view text) {
    auto& known = tasks_[id];
    auto& before = err ? known.err : known.out;
    if (known.result || offset + text.size() <= before)
        return;
    if (offset > before) {
        wanted_.insert(id);
        return;
    }
    text.remove_prefix(before - offset);
    const json piece{
        {"task", id}, {"agent", agent}, {"stream", err ? "stderr" : "stdout"}, {"offset", before}, {"text", text}};
    before += text.size();
    append_event(to, "output", base::dump(piece));
}

std::string command_follower::task(const model::command_task& now) {
    std::string text;
    auto& known = tasks_[now.id];
    if (known.result)
        return text;
    const bool final = model::is_final(now.state);
    if (!final && known.state != now.state)
        append_event(text, "task", base::dump(model::to_json(now, false)));
    known.state = now.state;
    tell_output(text, now.id, now.agent, false, 0, now.result.out);
    tell_output(text, now.id, now.agent, true, 0, now.result.err);
    if (final) {
        known.result = true;
        ++results_;
        changed_ = true;
        append_event(text, "result", base::dump(model::to_json(now, false)));
    }
    return text;
}

std::string command_follower::event(const state::event& happened) {
    std::string text;
    const auto data = json::parse(happened.data, nullptr, false);
    if (ended_ || !data.is_object())
        return text;
    if (happened.topic == "command") {
        changed_ = true;
    } else if (happened.topic == "command.task") {
        const auto id = text_of(data, "id");
        const auto state = model::task_state_from(text_of(data, "state"));
        auto& known = tasks_[id];
        if (state && model::is_final(*state)) {
            if (!known.result)
                wanted_.insert(id); // for the output that no event brought
        } else if (state && known.state != state) {
            known.state = state;
            append_event(text, "task", base::dump(data));
        }
    } else if (happened.topic == "command.output") {
        const auto offset = data.find("offset");
        if (offset != data.end() && offset->is_number_unsigned())
            tell_output(text, text_of(data, "task"), text_of(data, "agent"), text_of(data, "stream") == "stderr",
                        offset->get<std::size_t>(), text_of(data, "text"));
    }
    return text;
}

} // namespace ferrule::api
