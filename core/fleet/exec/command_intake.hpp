// What is asked for, before it becomes a command.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "config/settings.hpp"
#include "fleet/agent_directory.hpp"
#include "model/command.hpp"

namespace ferrule::fleet::exec {

/// Who asks, from where, and how to recognise a repeated request.
struct asker {
    std::string owner;      ///< Id of the token.
    std::string owner_name; ///< Its name.
    std::string peer;
    std::string idempotency_key; ///< Empty when there is none.
};

/// Holds requests against the limits, and finds whom they are for. Thread-safe; `agents` must outlive it.
class command_intake {
  public:
    command_intake(const agent_directory& agents, config::commands_settings limits);

    /// With the defaults of what was left out. `invalid_request`.
    [[nodiscard]] result<model::command_request> completed(model::command_request request) const;
    /// Names of the agents that it is for now, those that are away among them. `agent_not_found`, `no_targets`,
    /// `invalid_request`.
    [[nodiscard]] result<std::vector<std::string>> choose(const model::command_targets& on) const;

  private:
    const agent_directory& agents_;
    const config::commands_settings limits_;
};

/// The same for requests that ask for the same.
std::string fingerprint_of(const model::command_request& request);

/// Names the idempotency key of its owner without telling it; empty when there is none.
std::string key_of(const asker& by);

/// What the audit record keeps of a command: names of variables, not their values.
base::json audit_details(const model::fleet_command& made);

} // namespace ferrule::fleet::exec
