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

/// Puts the parts together again. Parts come in order; they may come again from the first one on. Sans-I/O.
class end_assembly {
  public:
    enum class verdict { more, complete, stray };
    /// stray: it is no part, or the rest of an end whose beginning did not come here.
    verdict take(const base::json& part);
    /// The end, once its last part has come.
    [[nodiscard]] ended_job finish();

  private:
    bool add(const base::json& piece);

    ended_job ended_;
    std::size_t next_ = 0;
    bool open_ = false; // the last of the results is not closed yet
};

} // namespace ferrule::devices
