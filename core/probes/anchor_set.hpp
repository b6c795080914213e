// The hosts that a location is known to be cut off without.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/check.hpp"
#include "model/node.hpp"
#include "model/sample.hpp"
#include "probes/anchors.hpp"
#include "probes/assignment.hpp"
#include "probes/check_state.hpp"

namespace ferrule::probes {

/// Anchors of some nodes. They are measured as checks are.
struct anchor_rule {
    model::node_selector nodes;
    std::string probe = "icmp";
    std::vector<model::check_target> targets;
    std::string settings; ///< JSON object text for the probe, or empty.
    base::duration interval = std::chrono::seconds(10);
    std::optional<base::duration> timeout;
};

/// Turns anchors into assignments of nodes, and their samples into a word on each node: it is connected as long as one
/// of its anchors is not settled to be down. Not thread-safe.
class anchor_set {
  public:
    explicit anchor_set(const std::vector<anchor_rule>& rules);

    /// Whether a sample is one of an anchor; no check can have such a name.
    static bool owns(std::string_view check) noexcept { return check.starts_with('@'); }

    [[nodiscard]] std::vector<assignment> assignments_for(const model::node_info& node) const;
    /// True when the location has become connected or cut off.
    bool take(const model::sample& found, anchors& into);

  private:
    struct group {
        model::node_selector nodes;
        std::shared_ptr<const model::check> definition;
        std::map<std::string, assignment> work;
    };

    std::vector<group> groups_;
    using key = std::pair<std::string, std::string>;         // check, target
    std::map<std::string, std::map<key, check_state>> seen_; ///< By location.
};

} // namespace ferrule::probes
