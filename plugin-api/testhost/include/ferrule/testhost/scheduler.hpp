// SPDX-License-Identifier: Apache-2.0
// Running a scheduler under test.
#pragma once

#include <ferrule/abi/scheduler.h>
#include <ferrule/testhost/plugin.hpp>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferrule::testhost {

/// A node or a target as a test writes it down.
struct node {
    std::string name = {};
    std::uint32_t capacity = 1;
    std::uint32_t count = 0;
    double load = 0;
    std::string region = {};
    std::map<std::string, std::string> labels = {};
};

struct schedule_target {
    std::string key = {};
    std::map<std::string, std::string> labels = {};
};

/// One instance of a scheduler.
class scheduler : public detail::instance<frl_scheduler_api> {
  public:
    scheduler(host& on, const frl_component& component, std::string_view config = "{}")
        : instance(on, component, config) {}

    /// The chosen node's index for each target, or FRL_NO_NODE. Throws std::runtime_error with the plugin's error.
    std::vector<std::uint32_t> select(const std::vector<node>& nodes, const std::vector<schedule_target>& targets) {
        std::vector<std::vector<frl_kv>> labels = {};
        labels.reserve(nodes.size() + targets.size());
        std::vector<frl_node> raw_nodes;
        for (const auto& each : nodes) {
            labels.push_back(raw_labels(each.labels));
            raw_nodes.push_back({sizeof(frl_node), each.capacity, each.count,
                                 static_cast<std::uint32_t>(labels.back().size()), str(each.name), str(each.region),
                                 each.load, labels.back().data()});
        }
        std::vector<frl_schedule_target> raw_targets;
        for (const auto& each : targets) {
            labels.push_back(raw_labels(each.labels));
            raw_targets.push_back({sizeof(frl_schedule_target), static_cast<std::uint32_t>(labels.back().size()),
                                   str(each.key), labels.back().data()});
        }
        const auto node_pointers = pointers_to(raw_nodes);
        const auto target_pointers = pointers_to(raw_targets);
        std::vector<std::uint32_t> choice(targets.size(), FRL_NO_NODE);
        reported_error error;
        const auto status =
            api().select(raw(), node_pointers.data(), static_cast<std::uint32_t>(nodes.size()), target_pointers.data(),
                         static_cast<std::uint32_t>(targets.size()), choice.data(), testhost::raw(error));
        if (status != FRL_OK) {
            throw std::runtime_error(error.code + ": " + error.message);
        }
        return choice;
    }

  private:
    static std::vector<frl_kv> raw_labels(const std::map<std::string, std::string>& labels) {
        std::vector<frl_kv> out;
        out.reserve(labels.size());
        for (const auto& [key, value] : labels) {
            out.push_back({str(key), str(value)});
        }
        return out;
    }

    template <class T>
    static std::vector<const T*> pointers_to(const std::vector<T>& items) {
        std::vector<const T*> out;
        out.reserve(items.size());
        for (const auto& each : items) {
            out.push_back(&each);
        }
        return out;
    }
};

} // namespace ferrule::testhost
