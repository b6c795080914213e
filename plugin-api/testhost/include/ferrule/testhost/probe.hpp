// SPDX-License-Identifier: Apache-2.0
// Running a probe under test.
#pragma once

#include <ferrule/abi/probe.h>
#include <ferrule/testhost/plugin.hpp>

#include <chrono>

namespace ferrule::testhost {

/// One instance of a probe, asynchronous or blocking.
class probe : public detail::instance<frl_probe_api> {
  public:
    probe(host& on, const frl_component& component, std::string_view config = "{}")
        : instance(on, component, config)
        , blocking_(component.execution == FRL_EXEC_BLOCKING) {}

    /// Starts one measurement that should be over within `limit` of the host's clock.
    frl_op start(std::string target, std::chrono::nanoseconds limit = std::chrono::seconds(5)) {
        const auto op = on().begin(std::move(target));
        const auto deadline = on().loop().now() + static_cast<std::uint64_t>(limit.count());
        invoke([this, op, deadline] { (blocking_ ? api().run : api().start)(raw(), on().request(op), deadline, op); });
        return op;
    }

    /// Starts many at once; falls back to one by one as the host does when the probe has no start_batch.
    std::vector<frl_op> start_batch(const std::vector<std::string>& targets,
                                    std::chrono::nanoseconds limit = std::chrono::seconds(5)) {
        std::vector<frl_op> ops;
        if (api().start_batch == nullptr) {
            for (const auto& each : targets) {
                ops.push_back(start(each, limit));
            }
            return ops;
        }
        std::vector<frl_probe_item> items;
        std::vector<const frl_probe_item*> pointers;
        items.reserve(targets.size());
        for (const auto& each : targets) {
            ops.push_back(on().begin(each));
            const auto deadline = on().loop().now() + static_cast<std::uint64_t>(limit.count());
            items.push_back({sizeof(frl_probe_item), 0, on().request(ops.back()), deadline, ops.back()});
            pointers.push_back(&items.back());
        }
        api().start_batch(raw(), pointers.data(), static_cast<std::uint32_t>(pointers.size()));
        return ops;
    }

    void cancel(frl_op op) {
        on().mark_cancelled(op);
        if (api().cancel != nullptr) {
            api().cancel(raw(), op);
        }
    }

  private:
    bool blocking_;
};

} // namespace ferrule::testhost
