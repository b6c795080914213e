// The kinds of component that this version can use.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace ferrule::plugins {

enum class kind { driver, probe, scheduler, store };

inline constexpr std::array all_kinds{kind::driver, kind::probe, kind::scheduler, kind::store};

/// `driver`: what people write.
std::string_view name_of(kind which) noexcept;
/// `ferrule.driver/1`: what stands in notes and entries.
std::string_view id_of(kind which) noexcept;
/// From `driver`.
std::optional<kind> kind_from_name(std::string_view name) noexcept;
/// From `ferrule.driver/1`; none for an unknown kind or major version.
std::optional<kind> kind_from_id(std::string_view id) noexcept;

} // namespace ferrule::plugins
