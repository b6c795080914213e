// Settings of commands on the hosts of agents.
#include "config/schema/builder.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/declared.hpp"

namespace ferrule::config::schema {

using namespace std::chrono_literals;

template <>
const shape& shape_of<exec_program_settings>() {
    static const auto built =
        builder<exec_program_settings>()
            .add("program", &exec_program_settings::program, "Absolute path of the program.",
                 {.example = "/usr/bin/systemctl", .required = true, .check = check_absolute})
            .add(
                "args", &exec_program_settings::args,
                "One pattern for each argument that must be there: a PCRE2 expression that matches the whole argument.",
                {.example = "[\"status|restart\", \"nginx\"]", .check = check_whole_regex})
            .add("more_args", &exec_program_settings::more_args,
                 "Pattern for each further argument; without it there may be none.",
                 {.example = "\"[a-z.-]+\"", .check = check_whole_regex})
            .add("users", &exec_program_settings::users,
                 "As whom a command may ask to run this program, instead of `agent.exec.users`.",
                 {.check = check_not_empty})
            .build();
    return built;
}

template <>
const shape& shape_of<exec_settings>() {
    static const auto built =
        builder<exec_settings>()
            .add("enabled", &exec_settings::enabled, "Whether this agent runs commands for its controllers at all.")
            .add("allow", &exec_settings::allow, "The programs that commands may run; nothing else runs in argv form.")
            .add("shell", &exec_settings::shell,
                 "Whether commands may be lines for /bin/sh. That is everything that the user may do; `allow` does not "
                 "bind it.")
            .add("users", &exec_settings::users,
                 "As whom a command may ask to run; without one it runs as the agent's own user. Needs an agent that "
                 "runs as root.",
                 {.check = check_not_empty})
            .add("environment", &exec_settings::environment,
                 "Variables that a command may set; a `*` at the end stands for any rest. Everything else is as in "
                 "`env -i` with PATH, HOME, USER, LOGNAME, SHELL and LANG.",
                 {.example = "[TZ, \"LC_*\"]", .check = check_not_empty})
            .add("directories", &exec_settings::directories,
                 "Where a command may ask to run: these folders and all below. Without one it runs in the user's home.",
                 {.check = check_absolute})
            .add("keys", &exec_settings::keys,
                 "Public keys of the controllers whose commands are run, as `ferrule command key` prints them.",
                 {.check = check_public_key})
            .add("max_timeout", &exec_settings::max_timeout, "The longest time that a command may ask for.",
                 {.least = span(1s), .most = span(8760h)})
            .add("kill_grace", &exec_settings::kill_grace,
                 "Between SIGTERM and SIGKILL for a command that took too long or was cancelled.", {.most = span(1h)})
            .add("clock_skew", &exec_settings::clock_skew, "By how much the clocks of agent and controller may differ.",
                 {.most = span(1h)})
            .add("max_lifetime", &exec_settings::max_lifetime,
                 "The longest time for which a command may be valid. So long it is remembered what has run.",
                 {.least = span(1min), .most = span(8760h)})
            .add("max_output", &exec_settings::max_output,
                 "Kept of each stream of one command; what was cut off is marked as truncated.",
                 {.least = 1024, .most = 400 * 1024})
            .add("max_running", &exec_settings::max_running, "Commands that run at the same time; the rest wait.",
                 {.least = 1, .most = 10'000})
            .add("max_queued", &exec_settings::max_queued, "Commands that may wait; more are refused.",
                 {.most = 1'000'000})
            .build();
    return built;
}

template <>
const shape& shape_of<commands_settings>() {
    static const auto built =
        builder<commands_settings>()
            .add("operators", &commands_settings::operators,
                 "Whether the role `operator` may run commands in argv form. The shell form always needs `admin`.")
            .add("key_file", &commands_settings::key_file,
                 "The key that signs commands; made with mode 0600 on the first start.",
                 {.default_text = "`<data_dir>/command.key`"})
            .add("default_ttl", &commands_settings::default_ttl,
                 "How long a command waits for an agent that is away, when it does not say itself.",
                 {.least = span(1s), .most = span(8760h)})
            .add("max_ttl", &commands_settings::max_ttl, "The longest such time that a command may ask for.",
                 {.least = span(1s), .most = span(8760h)})
            .add("default_timeout", &commands_settings::default_timeout,
                 "How long a command may run, when it does not say itself.", {.least = span(1ms), .most = span(8760h)})
            .add("max_timeout", &commands_settings::max_timeout, "The longest such time that a command may ask for.",
                 {.least = span(1ms), .most = span(8760h)})
            .add("answer_within", &commands_settings::answer_within,
                 "How long after its last possible moment a command that was sent may be without news, before it is "
                 "`unknown`.",
                 {.least = span(1s), .most = span(8760h)})
            .add("idempotency_window", &commands_settings::idempotency_window,
                 "How long the answer to an `Idempotency-Key` is remembered.", {.least = span(1s), .most = span(8760h)})
            .add("max_targets", &commands_settings::max_targets, "Agents of one command.",
                 {.least = 1, .most = 1'000'000})
            .add("max_unfinished", &commands_settings::max_unfinished,
                 "Shares of agents in commands that have not ended; more are refused with `overloaded`.",
                 {.least = 1, .most = 10'000'000})
            .add("live_output", &commands_settings::live_output,
                 "Output of running commands that is kept in memory for those who begin to watch; all of it comes with "
                 "the result in any case.",
                 {.most = std::int64_t{1} << 40U})
            .build();
    return built;
}

} // namespace ferrule::config::schema
