// What the listener of one command has been told, and what it is to be told next.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "model/command.hpp"
#include "state/event_bus.hpp"

namespace ferrule::api {

/// Merges pictures of tasks with the live events about them into one stream of SSE text in which no output is missing
/// and none stands twice: `state` with the command, `task` when a task changes, `output` {task, agent, stream, offset,
/// text}, `result` once for each task after all its output, `end` with the command as the last. Sans-I/O.
class command_follower {
  public:
    /// The command as it is: `state` the first time, `end` once it has ended and all results are told.
    [[nodiscard]] std::string command(const model::fleet_command& now);
    /// The text that brings the listener up to this picture of a task.
    [[nodiscard]] std::string task(const model::command_task& now);
    /// The text for one event of the topics `command`, `command.task` and `command.output`.
    [[nodiscard]] std::string event(const state::event& happened);

    /// Tasks of which something is missing that only a picture has: output before a piece that came, or the end.
    [[nodiscard]] std::set<std::string> take_wanted() { return std::exchange(wanted_, {}); }

    /// The command itself has changed.
    [[nodiscard]] bool wants_command() noexcept { return std::exchange(changed_, false); }

    [[nodiscard]] bool ended() const noexcept { return ended_; }

  private:
    struct told {
        std::size_t out = 0; ///< Bytes.
        std::size_t err = 0;
        std::optional<model::task_state> state;
        bool result = false;
    };

    void tell_output(std::string& to, const std::string& id, const std::string& agent, bool err, std::size_t offset,
                     std::string_view text);

    std::unordered_map<std::string, told> tasks_;
    std::set<std::string> wanted_;
    std::size_t results_ = 0;
    bool begun_ = false;
    bool changed_ = false;
    bool ended_ = false;
};

} // namespace ferrule::api
