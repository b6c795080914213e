#include "model/token.hpp"

namespace ferrule::model {

std::string_view to_text(role what) noexcept {
    switch (what) {
    case role::viewer:
        return "viewer";
    case role::operator_:
        return "operator";
    case role::admin:
        break;
    }
    return "admin";
}

std::optional<role> role_from(std::string_view text) noexcept {
    for (const auto each : {role::viewer, role::operator_, role::admin})
        if (to_text(each) == text)
            return each;
    return std::nullopt;
}

} // namespace ferrule::model
