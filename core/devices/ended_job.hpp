// How a job ended on an agent, in messages that are not too long.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "devices/job_messages.hpp"
#include "model/job.hpp"

namespace ferrule::devices {

/// The end of one attempt. Holds no secret.
struct ended_job {
    attempt which;
    model::job_state state = model::job_state::failed;
    std::optional<error> failed;
    std::optional<base::wall_time> started_at; ///< By the agent's clock, as is the next.
    std::optional<base::wall_time> finished_at;
    std::optional<model::session_ref> session;
    std::vector<model::command_result> results;
};

/// Messages of at most 1 MiB that together tell the end. Output past `most` bytes of messages is left out and its
/// results are marked as truncated.
std::vector<std::string> to_parts(const ended_job& ended, std::size_t most);

/// The results as the record shows them: with the commands that were asked for, also where the agent could not tell
/// them, and where nothing of a result arrived.
std::vector<model::command_result> results_of(const model::job_request& asked, std::vector<model::command_result> told);

/// What a part says of itself.
struct end_part {
    attempt which;
    std::size_t number = 0;
    bool last = false;
};

/// No end has as many parts.
inline constexpr std::size_t most_end_parts = 64;

/// None when it is no part of an end.
std::optional<end_part> end_part_from(const base::json& body);

/// Puts the parts together again. Sans-I/O.
class end_assembly {
  public:
    /// The next one. What is no part of an end adds nothing.
    void add(const base::json& part);

    /// The next one is gone: results that it told of are marked as truncated.
    void skip() noexcept { gap_ = true; }

    /// Once the last one has been added.
    [[nodiscard]] ended_job finish();

  private:
    model::command_result* at(std::size_t index);
    void add_piece(const base::json& piece);

    ended_job ended_;
    bool gap_ = false;
};

} // namespace ferrule::devices
