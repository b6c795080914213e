// Store plugins as the store floor uses them.
#pragma once

#include <ferrule/abi/store.h>

#include <string>

namespace ferrule::plugins {

/// An open store. Its table may be called from the threads that store.h names until this object goes, which closes the
/// store with a last flush and may block. Members of the table that the plugin is too old to have are null.
class store {
  public:
    virtual ~store() = default;
    [[nodiscard]] virtual const std::string& name() const noexcept = 0;
    [[nodiscard]] virtual const frl_store_api& api() const noexcept = 0;
    /// First argument of the table's functions.
    [[nodiscard]] virtual void* handle() const noexcept = 0;
};

} // namespace ferrule::plugins
