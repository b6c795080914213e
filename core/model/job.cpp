#include "model/job.hpp"

#include <array>
#include <utility>

namespace ferrule::model {

namespace {

constexpr std::array<std::pair<strategy, std::string_view>, 2> strategies{
    {{strategy::fifo, "fifo"}, {strategy::pinned, "pinned"}}};

constexpr std::array<std::pair<job_state, std::string_view>, 7> states{{{job_state::queued, "queued"},
                                                                        {job_state::running, "running"},
                                                                        {job_state::succeeded, "succeeded"},
                                                                        {job_state::failed, "failed"},
                                                                        {job_state::cancelled, "cancelled"},
                                                                        {job_state::expired, "expired"},
                                                                        {job_state::unknown, "unknown"}}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value wanted) noexcept {
    for (const auto& [value, name] : table)
        if (value == wanted)
            return name;
    return "unknown";
}

template <class Value, std::size_t Size>
std::optional<Value> value_in(const std::array<std::pair<Value, std::string_view>, Size>& table,
                              std::string_view wanted) noexcept {
    for (const auto& [value, name] : table)
        if (name == wanted)
            return value;
    return std::nullopt;
}

} // namespace

std::string device_key(const target& at) {
    return at.driver + "://" + at.host + ":" + std::to_string(at.port);
}

std::string_view to_text(strategy how) noexcept {
    return name_in(strategies, how);
}

std::string_view to_text(job_state state) noexcept {
    return name_in(states, state);
}

std::optional<strategy> strategy_from(std::string_view text) noexcept {
    return value_in(strategies, text);
}

std::optional<job_state> job_state_from(std::string_view text) noexcept {
    return value_in(states, text);
}

} // namespace ferrule::model
