// SPDX-License-Identifier: Apache-2.0
// A driver over a blocking library: the same functions as driver.hpp, on the host's pool.
#pragma once

#include <ferrule/abi/driver.h>
#include <ferrule/sdk/component.hpp>
#include <ferrule/sdk/plugin.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ferrule::sdk {

class blocking_driver;

/// A session to one device whose functions may block. The host calls them one at a time, from changing threads. Throw
/// `failure` for an error.
class blocking_session {
  public:
    blocking_session() = default;
    blocking_session(const blocking_session&) = delete;
    blocking_session& operator=(const blocking_session&) = delete;
    virtual ~blocking_session() = default;

    virtual reply open(std::string_view target, call& c) = 0;
    virtual reply exec(std::string_view request, call& c) = 0;
    virtual reply keepalive(call& c) = 0;

    virtual reply close(call&) { return done(); }

    /// Called from another thread while a function runs whose operation was cancelled, for libraries that have to be
    /// woken. A function may also just look at call::cancelled().
    virtual void interrupt() noexcept {}

  protected:
    /// Log, metrics and clock. Not in the constructor.
    [[nodiscard]] const sdk::host& host() const noexcept { return *host_; }

    [[nodiscard]] frl_session id() const noexcept { return id_; }

  private:
    friend class blocking_driver;

    const sdk::host* host_ = nullptr;
    frl_session id_ = 0;
    frl_op running_ = 0; // guarded by the driver's mutex
};

/// A blocking driver. Implement `make_session`, which must be safe to call from several threads.
class blocking_driver : public component {
  public:
    static constexpr std::string_view kind = FRL_KIND_DRIVER;
    static constexpr std::uint32_t execution = FRL_EXEC_BLOCKING;

    virtual std::unique_ptr<blocking_session> make_session() = 0;

    /// The C table for a derived class T.
    template <class T>
    static const frl_driver_api& table() noexcept {
        static constexpr frl_driver_api api = {
            sizeof(frl_driver_api),
            0,
            &detail::lifecycle<T, blocking_driver>::create,
            &detail::lifecycle<T, blocking_driver>::reconfigure,
            &detail::lifecycle<T, blocking_driver>::destroy,
            &blocking_driver::on_open,
            &blocking_driver::on_exec,
            &blocking_driver::on_keepalive,
            &blocking_driver::on_cancel,
            &blocking_driver::on_close,
        };
        return api;
    }

  private:
    template <class T, class Base>
    friend struct detail::lifecycle;

    using session_ptr = std::shared_ptr<blocking_session>;

    /// Runs one function of a session as an operation; `keep` says whether the session lives on, given how it ended.
    template <class Fn, class Keep>
    static void run_operation(void* self, frl_session id, frl_op op_id, Fn fn, Keep keep) noexcept {
        auto& d = *static_cast<blocking_driver*>(self);
        operation op(d.host(), op_id);
        try {
            const auto session = d.begin_operation(id, op_id);
            call c(op);
            const reply outcome = attempt(*session, c, fn);
            d.end_operation(id, *session, keep(outcome));
            op.finish(outcome);
        } catch (...) {
            op.fail(detail::current_error());
        }
    }

    template <class Fn>
    static reply attempt(blocking_session& session, call& c, Fn fn) {
        try {
            if (c.cancelled()) { // before it could be interrupted
                return error::cancelled();
            }
            return fn(session, c);
        } catch (...) {
            return detail::current_error();
        }
    }

    static void on_open(void* self, frl_session id, frl_str target, frl_op op) noexcept {
        auto& d = *static_cast<blocking_driver*>(self);
        try {
            session_ptr made = d.make_session();
            made->host_ = &d.host();
            made->id_ = id;
            const std::lock_guard lock(d.mutex_);
            d.sessions_[id] = std::move(made);
        } catch (...) {
            operation(d.host(), op).fail(detail::current_error());
            return;
        }
        run_operation(
            self, id, op, [&](blocking_session& s, call& c) { return s.open(view(target), c); },
            [](const reply& outcome) { return outcome.has_value(); });
    }

    static void on_exec(void* self, frl_session id, frl_str request, frl_op op) noexcept {
        run_operation(
            self, id, op, [&](blocking_session& s, call& c) { return s.exec(view(request), c); },
            [](const reply&) { return true; });
    }

    static void on_keepalive(void* self, frl_session id, frl_op op) noexcept {
        run_operation(
            self, id, op, [](blocking_session& s, call& c) { return s.keepalive(c); },
            [](const reply&) { return true; });
    }

    static void on_close(void* self, frl_session id, frl_op op) noexcept {
        run_operation(
            self, id, op, [](blocking_session& s, call& c) { return s.close(c); }, [](const reply&) { return false; });
    }

    static void on_cancel(void* self, frl_op op) noexcept {
        auto& d = *static_cast<blocking_driver*>(self);
        const std::lock_guard lock(d.mutex_);
        for (const auto& [id, session] : d.sessions_) {
            if (session->running_ == op) {
                session->interrupt();
            }
        }
    }

    session_ptr begin_operation(frl_session id, frl_op op) {
        const std::lock_guard lock(mutex_);
        const auto found = sessions_.find(id);
        if (found == sessions_.end()) {
            throw failure(error("session_lost", "The driver has no open session " + std::to_string(id) + ".", true));
        }
        found->second->running_ = op;
        return found->second;
    }

    void end_operation(frl_session id, blocking_session& session, bool keep) {
        const std::lock_guard lock(mutex_);
        session.running_ = 0;
        if (!keep) {
            sessions_.erase(id);
        }
    }

    std::mutex mutex_;
    std::unordered_map<frl_session, session_ptr> sessions_;
};

} // namespace ferrule::sdk
