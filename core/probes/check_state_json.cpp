// The state of a check across restarts.
#include "probes/check_state.hpp"

#include "base/json.hpp"

namespace ferrule::probes {

using base::json;
using model::health;

namespace {

health read_health(base::object_reader& reader, std::string_view key) {
    const auto text = reader.required_text(key);
    const auto read = model::health_from(text);
    if (!read && !text.empty())
        reader.complain(key, "\"" + text + "\" is not a state");
    return read.value_or(health::pending);
}

base::wall_time read_time(base::object_reader& reader, std::string_view key) {
    const auto read = base::parse_rfc3339(reader.required_text(key));
    if (!read)
        reader.complain(key, read.error().message());
    return read ? *read : base::wall_time{};
}

} // namespace

json check_state::to_json() const {
    json kept{{"state", model::to_text(state_)},
              {"settled", model::to_text(settled_)},
              {"announced", model::to_text(announced_)},
              {"soft", soft_},
              {"unreachable", unreachable_},
              {"flapping", flaps_},
              {"history", history_.history()},
              {"history_flapping", history_.is_flapping()},
              {"attempt", attempt_},
              {"since", base::to_rfc3339(since_)}};
    if (!reason_.empty())
        kept["reason"] = reason_;
    if (last_at_)
        kept["last_at"] = base::to_rfc3339(*last_at_);
    return kept;
}

result<void> check_state::restore(const json& kept) {
    base::object_reader reader(kept);
    check_state read(rules_);
    read.state_ = read_health(reader, "state");
    read.settled_ = read_health(reader, "settled");
    read.announced_ = read_health(reader, "announced");
    read.soft_ = reader.boolean_or("soft", false);
    read.unreachable_ = reader.boolean_or("unreachable", false);
    read.flaps_ = reader.boolean_or("flapping", false);
    const auto history = reader.integer_or("history", 0, 0, UINT32_MAX);
    read.history_.restore(static_cast<std::uint32_t>(history), reader.boolean_or("history_flapping", false));
    read.attempt_ = static_cast<std::uint32_t>(reader.integer_or("attempt", 1, 1, UINT32_MAX));
    read.reason_ = reader.text_or("reason", "");
    read.since_ = read_time(reader, "since");
    if (reader.member("last_at") != nullptr)
        read.last_at_ = read_time(reader, "last_at");
    if (auto bad = reader.finish("corrupt_record"))
        return *bad;
    *this = std::move(read);
    return ok();
}

} // namespace ferrule::probes
