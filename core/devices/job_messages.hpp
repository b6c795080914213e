// What controllers and agents tell each other about device jobs. Unknown members are ignored, missing ones take a
// default, so that ends of different versions understand each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "devices/resolved_target.hpp"
#include "model/job.hpp"
#include "model/session.hpp"

namespace ferrule::devices {

/// The name under which both ends offer it.
inline constexpr std::string_view jobs_feature = "jobs/1";

/// Kinds of messages. From the controller: run, cancel, close. From the agent: hello and progress at once, caught_up
/// and end by delivery.
namespace kind {
inline constexpr std::string_view run = "job.run";
inline constexpr std::string_view cancel = "job.cancel";
inline constexpr std::string_view close = "job.close_session";
inline constexpr std::string_view hello = "job.hello";
inline constexpr std::string_view progress = "job.progress";
inline constexpr std::string_view caught_up = "job.caught_up";
inline constexpr std::string_view end = "job.end";
} // namespace kind

/// One attempt at a job: a job that is begun again elsewhere is another attempt.
struct attempt {
    std::string id;
    std::int64_t run = 0;

    friend bool operator==(const attempt&, const attempt&) = default;
};

/// Everything that an agent needs to run a job; the only message that holds secrets.
struct run_order {
    attempt which;
    resolved_ptr at;
    std::string platform; ///< JSON text of the target's platform, or empty.
    model::job_request request;
    base::duration timeout{};
    bool again = false; ///< It was sent before, and the agent has told nothing of it.
};

/// The text holds secrets; it goes to the link and nowhere else.
std::string to_text(const run_order& order);
/// `invalid_message`, which tells no content.
result<run_order> run_order_from(const base::json& body);

/// A job that an agent has taken and whose end is not safely on its way.
struct held_job {
    attempt which;
    bool change = false;
};

/// How an agent greets: who it is, what it can do, and what it has. `seq` tells one greeting from the others;
/// caught_up, which comes behind all ends that were kept, repeats it.
struct job_hello {
    std::string instance; ///< Of the process.
    std::int64_t seq = 0;
    std::int64_t part = 0; ///< A long one comes in several, of which each has some jobs and sessions,
    bool more = false;     ///< and the last does not say this.
    std::uint32_t capacity = 0;
    std::uint32_t fifo = 0;
    std::vector<std::string> drivers;
    std::vector<held_job> jobs;
    std::vector<model::session_info> sessions;
};

std::string to_text(const job_hello& hello);
/// Messages that together tell it; none is longer than the link allows.
std::vector<std::string> to_texts(const job_hello& hello);
std::optional<job_hello> job_hello_from(const base::json& body);

/// A step of a running job, or the end of a session.
struct job_progress {
    enum class what { session, output, result, closed };
    what happened = what::output;
    attempt which;                ///< Not for closed.
    model::session_ref session;   ///< The one that runs the job, or its id for closed.
    std::size_t index = 0;        ///< Of the command; for output and result.
    std::string text;             ///< Output.
    model::command_result result; ///< Without output.
};

std::string to_text(const job_progress& step);
std::optional<job_progress> job_progress_from(const base::json& body);

std::string to_text(const attempt& which);
std::optional<attempt> attempt_from(const base::json& body);

/// Where order is kept for the device that a session is open to.
std::string key_of(const model::session_info& session);

} // namespace ferrule::devices
