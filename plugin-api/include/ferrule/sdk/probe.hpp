// SPDX-License-Identifier: Apache-2.0
// Kind "ferrule.probe/1" in C++: asynchronous probes are coroutines, blocking ones a plain function.
#pragma once

#include <ferrule/abi/probe.h>
#include <ferrule/sdk/async.hpp>
#include <ferrule/sdk/component.hpp>
#include <ferrule/sdk/json.hpp>
#include <ferrule/sdk/plugin.hpp>
#include <ferrule/sdk/probe_result.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ferrule::sdk {

/// What is to be measured: host, port and the settings that the probe's own schema describes.
class target {
  public:
    /// Throws `failure` when the text is not a JSON object.
    explicit target(std::string_view text)
        : settings_(json::parse(text).value()) {
        if (!settings_.is_object()) {
            throw failure(error("invalid_target", "A probe's target must be a JSON object."));
        }
    }

    [[nodiscard]] std::string host() const { return settings_.text("host"); }

    /// The port, or the fallback; throws when it is none.
    [[nodiscard]] std::uint16_t port(std::uint16_t fallback = 0) const {
        const auto number = settings_.integer("port", fallback);
        if (number < 0 || number > 65535) {
            throw failure(error("invalid_target", "'port' must be between 0 and 65535."));
        }
        return static_cast<std::uint16_t>(number);
    }

    [[nodiscard]] const json& settings() const noexcept { return settings_; }

  private:
    json settings_;
};

using probe_reply = result<probe_result>;

namespace detail {

inline void finish(operation& op, const probe_reply& how) {
    if (how) {
        op.complete(how->json());
    } else {
        op.fail(how.error());
    }
}

} // namespace detail

/// A probe on the host's event loop.
class probe : public async_component {
  public:
    static constexpr std::string_view kind = FRL_KIND_PROBE;
    static constexpr std::uint32_t execution = FRL_EXEC_ASYNC;

    /// Measures once. Give every wait c.deadline(), and answer probe_result::down when nothing came; an error says that
    /// the probe could not be made.
    virtual task<probe_reply> measure(const target& where, call& c) = 0;

    /// One of many probes that are started together.
    struct item {
        target where;
        time_ns deadline;
        operation op;
    };

    /// Starts many at once; by default each on its own. Override it to share work, such as one raw socket for all.
    virtual void measure_batch(std::vector<item> items) {
        for (auto& each : items) {
            start(std::move(each.where), each.deadline, std::move(each.op));
        }
    }

    /// The C table for a derived class T.
    template <class T>
    static const frl_probe_api& table() noexcept {
        static constexpr frl_probe_api api = {
            sizeof(frl_probe_api),
            0,
            &detail::lifecycle<T, probe>::create,
            &detail::lifecycle<T, probe>::reconfigure,
            &detail::lifecycle<T, probe>::destroy,
            &probe::on_start,
            &probe::on_start_batch,
            &probe::on_cancel,
            nullptr,
        };
        return api;
    }

  protected:
    /// Runs `measure` for one operation; for overrides of measure_batch.
    void start(target where, time_ns deadline, operation op) {
        const auto id = op.id();
        operations_[id] = &spawn(run_operation(std::move(where), deadline, std::move(op)));
    }

  private:
    static void on_start(void* self, frl_str text, std::uint64_t deadline, frl_op id) noexcept {
        detail::enter<probe>(self, id, [&](probe& p, operation& op) {
            target where(view(text)); // before the operation is moved, so that it ends with what this throws
            p.start(std::move(where), deadline, std::move(op));
        });
    }

    static void on_start_batch(void* self, const frl_probe_item* const* list, std::uint32_t count) noexcept {
        auto& p = *static_cast<probe*>(self);
        strand::entry inside(p.home());
        std::vector<item> items;
        for (const auto* raw : std::span(list, count)) {
            operation op(p.host(), raw->op);
            try {
                items.push_back({target(view(raw->target)), raw->deadline_ns, std::move(op)});
            } catch (...) {
                op.fail(detail::current_error());
            }
        }
        try {
            p.measure_batch(std::move(items)); // what it drops completes with an error
        } catch (...) {
            p.host().fail("a batch of probes failed", {{"error", detail::current_error().message()}});
        }
    }

    static void on_cancel(void* self, frl_op op) noexcept {
        auto& p = *static_cast<probe*>(self);
        strand::entry inside(p.home());
        if (const auto found = p.operations_.find(op); found != p.operations_.end()) {
            found->second->request();
        }
    }

    task<> run_operation(target where, time_ns deadline, operation op) {
        call c(op, deadline);
        auto work = [&] { return measure(where, c); };
        const probe_reply outcome = co_await detail::guarded(work);
        operations_.erase(op.id());
        detail::finish(op, outcome);
    }

    void coroutines_ended() noexcept override { operations_.clear(); }

    std::unordered_map<frl_op, cancellation*> operations_;
};

/// A probe that may block: it runs on the host's pool, several at the same time, so `run` must be safe to call from
/// many threads.
class blocking_probe : public component {
  public:
    static constexpr std::string_view kind = FRL_KIND_PROBE;
    static constexpr std::uint32_t execution = FRL_EXEC_BLOCKING;

    /// Measures once, within c.remaining() and while c.cancelled() is false. Throw `failure` when the probe could not
    /// be made.
    virtual probe_result run(const target& where, call& c) = 0;

    /// The C table for a derived class T.
    template <class T>
    static const frl_probe_api& table() noexcept {
        static constexpr frl_probe_api api = {
            sizeof(frl_probe_api),
            0,
            &detail::lifecycle<T, blocking_probe>::create,
            &detail::lifecycle<T, blocking_probe>::reconfigure,
            &detail::lifecycle<T, blocking_probe>::destroy,
            nullptr,
            nullptr,
            &blocking_probe::on_cancel,
            &blocking_probe::on_run,
        };
        return api;
    }

  private:
    template <class T, class Base>
    friend struct detail::lifecycle;

    static void on_run(void* self, frl_str text, std::uint64_t deadline, frl_op id) noexcept {
        auto& p = *static_cast<blocking_probe*>(self);
        operation op(p.host(), id);
        try {
            call c(op, deadline);
            detail::finish(op, p.run(target(view(text)), c));
        } catch (...) {
            op.fail(detail::current_error());
        }
    }

    static void on_cancel(void*, frl_op) noexcept {} // `run` sees it through call::cancelled
};

} // namespace ferrule::sdk
