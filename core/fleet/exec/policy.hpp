// What an agent's owner allows to be run on its host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/exec_settings.hpp"
#include "fleet/exec/pattern.hpp"
#include "model/command.hpp"

namespace ferrule::fleet::exec {

/// Judges each command by the agent's own configuration, which is read once, from YAML, and which nothing that comes
/// over the link can change. A refusal says which rule stood in the way and where that is set. Pure; thread-safe.
class policy {
  public:
    /// `file` is the configuration file, for messages. `bad_pattern` for an expression that is none.
    static result<policy> make(const config::exec_settings& wanted, std::string file);

    /// Fails with `exec_disabled`, `shell_not_allowed`, `program_not_allowed`, `arguments_not_allowed`,
    /// `user_not_allowed`, `directory_not_allowed`, `environment_not_allowed` or `timeout_not_allowed`.
    [[nodiscard]] result<void> judge(const model::command_spec& asked) const;

  private:
    struct program {
        std::string path;
        std::vector<pattern> args;
        std::vector<pattern> more; ///< None or one.
        std::vector<std::string> users;
    };

    policy(config::exec_settings wanted, std::string file);

    [[nodiscard]] error refuse(const char* code, std::string what, std::string_view setting,
                               std::string_view remedy) const;
    [[nodiscard]] result<std::vector<std::string>> judge_program(const model::command_spec& asked) const;
    [[nodiscard]] result<void> judge_user(const std::string& user, const std::vector<std::string>& allowed) const;
    [[nodiscard]] result<void> judge_surroundings(const model::command_spec& asked) const;

    config::exec_settings wanted_;
    std::string file_;
    std::vector<program> allowed_;
};

} // namespace ferrule::fleet::exec
