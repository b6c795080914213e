// A command for the hosts of agents: what is asked, of whom, and how it went at each of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "model/target.hpp"

namespace ferrule::model {

/// How far one agent's share of a command is. `queued`: it has certainly not left the controller. `sent`: it may have
/// arrived. `unknown`: it was begun, and whether it ended, or how, cannot be told.
enum class task_state { queued, sent, running, succeeded, failed, timed_out, refused, expired, cancelled, unknown };

inline constexpr std::array<std::string_view, 10> task_state_texts{
    "queued", "sent", "running", "succeeded", "failed", "timed_out", "refused", "expired", "cancelled", "unknown"};

constexpr std::string_view to_text(task_state what) noexcept {
    return task_state_texts[static_cast<std::size_t>(what)];
}

constexpr bool is_final(task_state what) noexcept {
    return what > task_state::running;
}

std::optional<task_state> task_state_from(std::string_view text) noexcept;

/// What a process is started with. Exactly one of `argv` and `shell` is given.
struct command_spec {
    std::vector<std::string> argv; ///< The first is the program's absolute path.
    std::string shell;             ///< A line for /bin/sh.
    std::string user;              ///< Empty: the agent's own.
    std::string directory;         ///< Empty: the user's home.
    std::map<std::string, std::string> environment;
    base::duration timeout{};

    friend bool operator==(const command_spec&, const command_spec&) = default;
};

/// Whom a command is for; exactly one of the four is given. A group is the label `group`.
struct command_targets {
    std::vector<std::string> agents;
    std::string group;
    labels tags; ///< An agent must have all of them.
    bool all = false;
};

struct command_request {
    command_spec what;
    command_targets on;
    std::optional<base::duration> ttl; ///< How long it may wait for an agent that is away.
};

/// What a process left behind. Output is valid UTF-8; other bytes have become U+FFFD.
struct task_result {
    std::optional<int> exit_code;
    std::optional<int> signal; ///< The one that ended it.
    std::string out;
    std::string err;
    bool out_truncated = false;
    bool err_truncated = false;
    std::optional<base::wall_time> started_at; ///< By the agent's clock, as `finished_at`.
    std::optional<base::wall_time> finished_at;
    std::optional<base::error> failed;
};

/// One agent's share of a command.
struct command_task {
    std::string id;
    std::string command;
    std::string agent;
    std::string nonce; ///< Of its envelope; with it a second delivery is recognised.
    task_state state = task_state::queued;
    bool cancelling = false; ///< Somebody asked for its end, and the agent has not answered yet.
    task_result result;
};

/// How many tasks are in each state.
using task_counts = std::array<std::uint32_t, task_state_texts.size()>;

struct fleet_command {
    std::string id;
    command_request request;
    std::string owner;      ///< Id of the token.
    std::string owner_name; ///< Its name at the time.
    std::string peer;       ///< Address from which it was asked.
    base::wall_time created_at{};
    base::wall_time not_after{}; ///< No agent starts it later.
    std::optional<base::wall_time> finished_at;
    std::uint32_t total = 0;
    task_counts counts{};
};

} // namespace ferrule::model
