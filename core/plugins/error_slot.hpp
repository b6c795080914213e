// What a plugin says when a call failed.
#pragma once

#include <ferrule/abi/abi.h>

#include <string>

#include "base/error.hpp"

/// Behind the ABI's opaque error: filled by the host call error_set, read by whoever made the call.
struct frl_error {
    ferrule::error what;
};

namespace ferrule::plugins {

/// Hands a plugin a place for its error for the length of one call.
class error_slot {
  public:
    operator frl_error*() noexcept { return &slot_; }

    /// What the plugin set; when it set nothing, `plugin_failed` with `call` and the status in the message.
    [[nodiscard]] error take(std::string_view plugin, std::string_view call, frl_status status) const;

  private:
    frl_error slot_;
};

} // namespace ferrule::plugins
