// Where plugins' secrets come from.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ferrule::plugins {

/// Gives out the secret behind a reference that the core put into a request, as the text of a JSON object. Implemented
/// by whoever keeps credentials.
class secret_source {
  public:
    virtual ~secret_source() = default;
    /// `done` is called exactly once, from any thread, also inside this call; an unknown reference is an error.
    /// `plugin` is who asks.
    virtual void fetch(std::string_view plugin, std::string reference,
                       std::function<void(result<base::secret>)> done) = 0;
};

} // namespace ferrule::plugins
