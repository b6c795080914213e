// A device job: what was asked, how it went, what came back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "model/target.hpp"

namespace ferrule::model {

/// `fifo`: connect, run, disconnect; parallel, no order. `pinned`: one live session a device, strictly in the order of
/// acceptance.
enum class strategy { fifo, pinned };

/// queued → running → one of the final states. `unknown`: it was a change and was running when the process died, so
/// nobody can say whether it happened.
enum class job_state { queued, running, succeeded, failed, cancelled, expired, unknown };

[[nodiscard]] constexpr bool is_final(job_state state) noexcept {
    return state != job_state::queued && state != job_state::running;
}

/// One command, with replies for the questions that it is known to ask.
struct command {
    std::string text;
    std::vector<prompt_reply> prompts;
};

/// A device given inline in a request instead of by name; `login` holds what the request brought, if it brought any.
struct inline_target {
    target at;
    std::optional<credential> login;
};

/// What a client asks for. Exactly one of `device` and `inline_at`, exactly one of `commands` and `config` is set.
struct job_request {
    std::string device;
    std::optional<inline_target> inline_at;
    std::vector<command> commands;
    std::vector<std::string> config;
    strategy how = strategy::pinned;
    bool change = false; ///< Not read-only; config implies it.
    bool stop_on_error = true;
    bool raw = false;                      ///< Output as it came, with echo, escapes and prompt.
    std::optional<base::duration> ttl;     ///< Longest wait in the queue; the configured default otherwise.
    std::optional<base::duration> timeout; ///< For the whole run, connecting included.
    labels tags;
};

/// How one command or configuration line went.
struct command_result {
    std::string command;
    std::string output;
    double elapsed_ms = 0;
    bool truncated = false;
    bool skipped = false; ///< Not sent, because one before it failed.
    std::optional<int> exit_status;
    std::optional<base::error> failed; ///< The device refused it.
};

/// The session that ran a job.
struct session_ref {
    std::string id;
    bool reused = false;
};

/// A job in any state. The request's secrets are not part of it when it is shown; see job_json.hpp for the two forms.
struct job {
    std::string id;
    job_state state = job_state::queued;
    job_request request;
    std::string device; ///< Name of the device, or `host:port` of an inline target.
    std::string node;
    std::string owner; ///< Id of the token that asked.
    base::wall_time created_at{};
    std::optional<base::wall_time> started_at;
    std::optional<base::wall_time> finished_at;
    std::optional<session_ref> session;
    std::vector<command_result> results;
    std::optional<base::error> error;
    std::int64_t restarts = 0; ///< How many processes or nodes before may have begun it. Only in the record.
    /// Which process of an agent it was given to; empty for this process. Only in the record.
    std::string node_instance;
};

std::string_view to_text(strategy how) noexcept;
std::string_view to_text(job_state state) noexcept;
std::optional<strategy> strategy_from(std::string_view text) noexcept;
std::optional<job_state> job_state_from(std::string_view text) noexcept;

} // namespace ferrule::model
