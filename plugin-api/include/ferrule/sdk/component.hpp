// SPDX-License-Identifier: Apache-2.0
// What the instances of all kinds share: their host, their configuration, and for asynchronous ones their strand and
// coroutines.
#pragma once

#include <ferrule/sdk/operation.hpp>
#include <ferrule/sdk/spawn.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>

namespace ferrule::sdk {

namespace detail {
template <class T, class Base>
struct lifecycle;
}

/// Base of an instance. The SDK makes it with its default constructor, then the host can be used, then `configure` is
/// called.
class component {
  public:
    component() = default;
    component(const component&) = delete;
    component& operator=(const component&) = delete;
    virtual ~component() = default;

    /// Takes the configuration, a JSON object; called at the start, and again when the user changes it. Throw `failure`
    /// to refuse it. What is running keeps what it took from the old one.
    virtual void configure([[maybe_unused]] std::string_view config_json) {}

  protected:
    /// Log, metrics and clock. Not in the constructor.
    [[nodiscard]] const sdk::host& host() const noexcept { return host_; }

  private:
    template <class T, class Base>
    friend struct detail::lifecycle;

    void attach(const frl_host* table) { host_ = sdk::host(table); }

    void detach() noexcept {}

    sdk::host host_;
};

/// Base of an instance that lives on one strand of the host's event loop.
class async_component {
  public:
    async_component() = default;
    async_component(const async_component&) = delete;
    async_component& operator=(const async_component&) = delete;
    virtual ~async_component() = default;

    /// As component::configure.
    virtual void configure([[maybe_unused]] std::string_view config_json) {}

    /// The strand, for watches, timers and scopes. Not in the constructor.
    [[nodiscard]] strand& home() noexcept { return *home_; }

    [[nodiscard]] const sdk::host& host() const noexcept { return home_->host(); }

    /// Starts a coroutine that lives at most as long as the instance.
    cancellation& spawn(task<> work) { return tasks_->spawn(std::move(work)); }

  private:
    template <class T, class Base>
    friend struct detail::lifecycle;

    void attach(const frl_host* table) {
        home_.emplace(table);
        tasks_.emplace(*home_);
    }

    /// Ends the coroutines while the derived object is still whole.
    void detach() noexcept {
        tasks_->clear();
        coroutines_ended();
    }

    /// For the bases of the kinds, which have more to end.
    virtual void coroutines_ended() noexcept {}

    std::optional<strand> home_;
    std::optional<task_scope> tasks_;
};

namespace detail {

/// create, reconfigure and destroy for the class T of an author; `Base` is the class behind the kind's void*.
template <class T, class Base>
struct lifecycle {
    static frl_status create(const frl_host* table, frl_str config, void** out, frl_error* error) noexcept {
        try {
            auto made = std::make_unique<T>();
            Base& base = *made;
            base.attach(table);
            try {
                configure_in(base, config);
            } catch (...) {
                base.detach();
                throw;
            }
            *out = static_cast<Base*>(made.release());
            return FRL_OK;
        } catch (...) {
            return report(table, error);
        }
    }

    static frl_status reconfigure(void* instance, frl_str config, frl_error* error) noexcept {
        auto& base = *static_cast<Base*>(instance);
        try {
            configure_in(base, config);
            return FRL_OK;
        } catch (...) {
            return report(&base.host().table(), error);
        }
    }

    static void destroy(void* instance) noexcept {
        auto* base = static_cast<Base*>(instance);
        base->detach();
        delete base;
    }

    static frl_status report(const frl_host* table, frl_error* error) noexcept {
        try {
            sdk::host(table).set(error, current_error());
        } catch (...) { // out of memory while describing it: the status alone has to do
        }
        return FRL_FAILED;
    }

  private:
    static void configure_in(Base& base, frl_str config) {
        if constexpr (std::is_base_of_v<async_component, Base>) {
            strand::entry inside(base.home());
            base.configure(view(config));
        } else {
            base.configure(view(config));
        }
    }
};

/// Enters an asynchronous instance with a new operation: `fn(base, op)`; an exception completes the operation.
template <class Base, class Fn>
void enter(void* instance, frl_op id, Fn fn) noexcept {
    auto& base = *static_cast<Base*>(instance);
    strand::entry inside(base.home());
    operation op(base.host(), id);
    try {
        fn(base, op);
    } catch (...) {
        if (op.pending()) {
            op.fail(current_error());
        }
    }
}

/// Calls the author's coroutine and awaits it; an exception from either becomes the outcome.
template <class Fn>
std::invoke_result_t<Fn&> guarded(Fn fn) {
    try {
        co_return co_await fn();
    } catch (...) {
        co_return current_error();
    }
}

} // namespace detail

} // namespace ferrule::sdk
