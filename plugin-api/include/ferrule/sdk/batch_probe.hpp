// SPDX-License-Identifier: Apache-2.0
// Probes whose operations share work, such as one socket and one timer for thousands of targets.
#pragma once

#include <ferrule/abi/probe.h>
#include <ferrule/sdk/component.hpp>
#include <ferrule/sdk/probe.hpp>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace ferrule::sdk {

/// A probe on the host's event loop that keeps its operations itself: no coroutine a probe, nothing allocated that it
/// does not want. What `probe` does for its authors is its own duty here: complete every operation by its deadline, and
/// end the one that `cancel` names.
class batch_probe : public async_component {
  public:
    static constexpr std::string_view kind = FRL_KIND_PROBE;
    static constexpr std::uint32_t execution = FRL_EXEC_ASYNC;

    /// One probe that was asked for.
    struct item {
        target where;
        time_ns deadline;
        operation op;
    };

    /// Starts what is listed, one or many. An item that is dropped completes with an internal error.
    virtual void begin(std::vector<item> items) = 0;

    /// The host asks that an operation ends soon; it is still to be completed. One that has ended is no fault.
    virtual void cancel(frl_op op) = 0;

    /// The C table for a derived class T.
    template <class T>
    static const frl_probe_api& table() noexcept {
        static constexpr frl_probe_api api = {
            sizeof(frl_probe_api),
            0,
            &detail::lifecycle<T, batch_probe>::create,
            &detail::lifecycle<T, batch_probe>::reconfigure,
            &detail::lifecycle<T, batch_probe>::destroy,
            &batch_probe::on_start,
            &batch_probe::on_start_batch,
            &batch_probe::on_cancel,
            nullptr,
        };
        return api;
    }

  private:
    static void on_start(void* self, frl_str text, std::uint64_t deadline, frl_op id) noexcept {
        const frl_probe_item one{sizeof(frl_probe_item), 0, text, deadline, id};
        const frl_probe_item* const list = &one;
        on_start_batch(self, &list, 1);
    }

    static void on_start_batch(void* self, const frl_probe_item* const* list, std::uint32_t count) noexcept {
        auto& p = *static_cast<batch_probe*>(self);
        strand::entry inside(p.home());
        try {
            std::vector<item> items;
            items.reserve(count);
            for (const auto* raw : std::span(list, count)) {
                operation op(p.host(), raw->op);
                try {
                    items.push_back({target(view(raw->target)), raw->deadline_ns, std::move(op)});
                } catch (...) {
                    op.fail(detail::current_error());
                }
            }
            p.begin(std::move(items));
        } catch (...) {
            p.host().fail("a batch of probes failed", {{"error", detail::current_error().message()}});
        }
    }

    static void on_cancel(void* self, frl_op op) noexcept {
        auto& p = *static_cast<batch_probe*>(self);
        strand::entry inside(p.home());
        try {
            p.cancel(op);
        } catch (...) {
            p.host().fail("cancelling a probe failed", {{"error", detail::current_error().message()}});
        }
    }
};

} // namespace ferrule::sdk
