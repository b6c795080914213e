// What the listener of one job has been told, and what it is to be told next.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json_fwd.hpp"
#include "model/job.hpp"
#include "state/event_bus.hpp"

namespace ferrule::api {

/// Merges snapshots of a job with the live events about it into one stream of SSE text in which nothing is missing and
/// nothing stands twice: `state` when it changes, `output` {index, command, offset, text} from the first byte on,
/// `result` {index, …} once for each command, `end` {id, state} as the last. A result that comes again with other
/// contents (the job was started anew on another session) is sent again. Sans-I/O.
class job_follower {
  public:
    /// The text that brings the listener up to this picture of the job.
    [[nodiscard]] std::string snapshot(const model::job& now);
    /// The text for one event of the topics `job`, `job.output` and `job.result`.
    [[nodiscard]] std::string event(const state::event& happened);

    /// Something is missing that only a snapshot has: what lies before an event that came too early, or the end.
    [[nodiscard]] bool wants_snapshot() const noexcept { return (final_seen_ || gap_) && !ended_; }

    [[nodiscard]] bool ended() const noexcept { return ended_; }

  private:
    struct told {
        std::size_t output = 0;            ///< Bytes.
        std::optional<std::size_t> result; ///< Hash of the result that was sent.
    };

    told& at(std::size_t index);
    void learn_commands(const model::job& now);
    [[nodiscard]] bool comes_too_early(std::size_t index, std::size_t offset);
    void tell_state(std::string& to, const std::string& state, const base::json& job);
    void tell_output(std::string& to, std::size_t index, std::size_t offset, std::string_view text);
    void tell_result(std::string& to, std::size_t index, base::json result);

    std::string state_;
    std::vector<told> told_;
    std::vector<std::string> commands_; ///< As far as they are known; by index.
    bool final_seen_ = false;
    bool gap_ = false;
    bool ended_ = false;
};

} // namespace ferrule::api
