// Finds the route for a method and a path.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/route.hpp"

namespace ferrule::http {

/// The table of routes; filled at start, then only read, so thread-safe. A literal segment is preferred to `{name}`.
/// HEAD is served by GET's route. A trailing slash is another path, and no route has one.
class router {
  public:
    /// What `find` says. `route` is null when the method (or the path) has none; `allow` then is the Allow header,
    /// empty for an unknown path.
    struct found {
        const http::route* route = nullptr;
        std::string allow;
    };

    /// Throws std::invalid_argument for a faulty pattern, a missing handler or a second route at the same place.
    void add(route entry);

    /// Looks up the request's verb and segments and fills its params.
    [[nodiscard]] found find(request& asked) const;
    /// Whether any route stands at these segments; for hints.
    [[nodiscard]] bool has_path(const std::vector<std::string>& segments) const;

    [[nodiscard]] const std::vector<std::unique_ptr<route>>& routes() const noexcept { return routes_; }

  private:
    struct place {
        std::vector<std::string> segments; ///< As in the pattern.
        std::vector<const route*> by_method;
    };

    [[nodiscard]] const place* find_place(const std::vector<std::string>& segments) const;

    std::vector<std::unique_ptr<route>> routes_;
    std::vector<std::vector<place>> by_size_; ///< Index: number of segments; places with fewer parameters first.
};

} // namespace ferrule::http
