// The platforms that devices may name.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "config/platforms.hpp"

namespace ferrule::devices {

/// Platform definitions by name, as drivers receive them. Immutable, so thread-safe.
class platform_book {
  public:
    explicit platform_book(const std::map<std::string, config::platform>& known);

    /// The JSON text; `platform_not_found` with the nearest name and the known ones.
    [[nodiscard]] result<std::shared_ptr<const std::string>> find(const std::string& name) const;

  private:
    std::map<std::string, std::shared_ptr<const std::string>> texts_;
};

} // namespace ferrule::devices
