#include "model/agent.hpp"

namespace ferrule::model {

std::string_view to_text(agent_state what) noexcept {
    switch (what) {
    case agent_state::online:
        return "online";
    case agent_state::late:
        return "late";
    case agent_state::offline:
        return "offline";
    case agent_state::revoked:
        break;
    }
    return "revoked";
}

std::optional<agent_state> agent_state_from(std::string_view text) noexcept {
    for (const auto each : {agent_state::online, agent_state::late, agent_state::offline, agent_state::revoked})
        if (to_text(each) == text)
            return each;
    return std::nullopt;
}

} // namespace ferrule::model
