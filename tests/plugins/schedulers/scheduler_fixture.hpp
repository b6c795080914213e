// A scheduler plugin, loaded and called as the host does.
#pragma once

#include <catch2/catch.hpp>
#include <ferrule/testhost.hpp>
#include <ferrule/testhost/scheduler.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace ferrule::tests {

class chooser {
  public:
    explicit chooser(const std::string& name, const std::string& config = "{}")
        : plugin_(testhost::plugin::load(FERRULE_SCHEDULER_FOLDER "/" + name + ".so"))
        , scheduler_(host_, plugin_.component(FRL_KIND_SCHEDULER, name), config) {}

    /// Indexes of the nodes for so many targets.
    std::vector<std::uint32_t> choose(const std::vector<testhost::node>& nodes, std::size_t targets) {
        std::vector<testhost::schedule_target> wanted;
        for (std::size_t i = 0; i < targets; ++i)
            wanted.push_back({"device-" + std::to_string(i), {}});
        return scheduler_.select(nodes, wanted);
    }

  private:
    testhost::host host_;
    testhost::plugin plugin_;
    testhost::scheduler scheduler_;
};

/// How many targets each node got; the last place counts those that got none.
inline std::vector<int> tally(const std::vector<std::uint32_t>& choices, std::size_t nodes) {
    std::vector<int> counts(nodes + 1);
    for (const auto choice : choices)
        ++counts[choice == FRL_NO_NODE ? nodes : choice];
    return counts;
}

inline testhost::node a_node(const std::string& name, std::uint32_t capacity, std::uint32_t count) {
    return testhost::node{name, capacity, count, 0, "", {}};
}

inline std::string refusal(const std::string& name, const std::string& config) {
    try {
        chooser made(name, config);
    } catch (const std::runtime_error& what) {
        return what.what();
    }
    return "no failure";
}

} // namespace ferrule::tests
