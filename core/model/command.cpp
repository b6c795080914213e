#include "model/command.hpp"

#include <algorithm>

namespace ferrule::model {

std::optional<task_state> task_state_from(std::string_view text) noexcept {
    const auto* const at = std::find(task_state_texts.begin(), task_state_texts.end(), text);
    if (at == task_state_texts.end())
        return std::nullopt;
    return static_cast<task_state>(at - task_state_texts.begin());
}

} // namespace ferrule::model
