// SPDX-License-Identifier: Apache-2.0
// Kind "ferrule.driver/1" in C++: one class for the driver, one for a session, coroutines for what they do.
#pragma once

#include <ferrule/abi/driver.h>
#include <ferrule/sdk/async.hpp>
#include <ferrule/sdk/component.hpp>
#include <ferrule/sdk/plugin.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ferrule::sdk {

class driver;

/// A session to one device. The host runs one operation at a time on it; the SDK keeps it and destroys it after
/// `close`, or after a failed `open`.
///
/// Texts and the call are valid until the coroutine ends. When an operation is cancelled, its waits report `cancelled`:
/// return error::cancelled(), or tidy up first with `co_await tidy().shielded()`.
class driver_session {
  public:
    driver_session() = default;
    driver_session(const driver_session&) = delete;
    driver_session& operator=(const driver_session&) = delete;
    virtual ~driver_session() = default;

    /// Connects and logs in; see frl_driver_api.open for the target and the result.
    virtual task<reply> open(std::string_view target, call& c) = 0;
    /// Runs one command or a block of configuration; see frl_driver_api.exec. Output goes through c.emit.
    virtual task<reply> exec(std::string_view request, call& c) = 0;
    /// Proves that the device still answers.
    virtual task<reply> keepalive(call& c) = 0;

    /// Says goodbye within a short time. Comes after whatever ran on the session has ended.
    virtual task<reply> close(call&) { co_return done(); }

  protected:
    // None of these in the constructor: the SDK sets them before `open`.

    [[nodiscard]] inline strand& home() const noexcept;
    [[nodiscard]] inline const sdk::host& host() const noexcept;

    [[nodiscard]] frl_session id() const noexcept { return id_; }

    /// Starts a coroutine that lives at most as long as the session.
    cancellation& spawn(task<> work) { return tasks_->spawn(std::move(work)); }

    /// Tells the host that the idle session has ended by itself; it answers with `close`.
    inline void lost(const error& why) const;

  private:
    friend class driver;

    driver* owner_ = nullptr;
    frl_session id_ = 0;
    std::optional<task_scope> tasks_;
};

/// An asynchronous driver. Implement `make_session`, and `configure` when there is something to configure.
class driver : public async_component {
  public:
    static constexpr std::string_view kind = FRL_KIND_DRIVER;
    static constexpr std::uint32_t execution = FRL_EXEC_ASYNC;

    /// Makes the object for a session that is about to be opened.
    virtual std::unique_ptr<driver_session> make_session() = 0;

    /// Sessions that exist, those included that are being opened or closed.
    [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }

    /// The C table for a derived class T.
    template <class T>
    static const frl_driver_api& table() noexcept {
        static constexpr frl_driver_api api = {
            sizeof(frl_driver_api),
            0,
            &detail::lifecycle<T, driver>::create,
            &detail::lifecycle<T, driver>::reconfigure,
            &detail::lifecycle<T, driver>::destroy,
            &driver::on_open,
            &driver::on_exec,
            &driver::on_keepalive,
            &driver::on_cancel,
            &driver::on_close,
        };
        return api;
    }

  private:
    struct session_record {
        std::unique_ptr<driver_session> session;
        frl_op running = 0;
        bool closing = false;
        event idle;

        ~session_record() {
            if (session) {
                session->tasks_->clear();
            }
        }
    };

    static void on_open(void* self, frl_session id, frl_str target, frl_op op) noexcept {
        detail::enter<driver>(self, op, [&](driver& d, operation& owned) {
            auto made = std::make_unique<session_record>();
            made->session = d.make_session();
            made->session->owner_ = &d;
            made->session->id_ = id;
            made->session->tasks_.emplace(d.home());
            auto& kept = *(d.sessions_[id] = std::move(made));
            d.start_operation(kept, op, d.run_open(id, kept, view(target), std::move(owned)));
        });
    }

    static void on_exec(void* self, frl_session id, frl_str request, frl_op op) noexcept {
        detail::enter<driver>(self, op, [&](driver& d, operation& owned) {
            auto& kept = d.idle_session(id);
            d.start_operation(kept, op, d.run_exec(kept, view(request), std::move(owned)));
        });
    }

    static void on_keepalive(void* self, frl_session id, frl_op op) noexcept {
        detail::enter<driver>(self, op, [&](driver& d, operation& owned) {
            auto& kept = d.idle_session(id);
            d.start_operation(kept, op, d.run_keepalive(kept, std::move(owned)));
        });
    }

    static void on_close(void* self, frl_session id, frl_op op) noexcept {
        detail::enter<driver>(self, op, [&](driver& d, operation& owned) {
            auto& kept = d.open_session(id);
            kept.closing = true;
            d.operations_[op] = &d.spawn(d.run_close(id, kept, std::move(owned)));
        });
    }

    static void on_cancel(void* self, frl_op op) noexcept {
        auto& d = *static_cast<driver*>(self);
        strand::entry inside(d.home());
        if (const auto found = d.operations_.find(op); found != d.operations_.end()) {
            found->second->request();
        }
    }

    // The host keeps target and request until the operation is completed, which is the last thing that happens here.
    task<> run_open(frl_session id, session_record& kept, std::string_view target, operation op) {
        call c(op);
        auto work = [&] { return kept.session->open(target, c); };
        reply outcome = co_await detail::guarded(work);
        operation_ended(kept, op.id());
        if (!outcome && !kept.closing) {
            sessions_.erase(id);
        }
        op.finish(outcome);
    }

    task<> run_exec(session_record& kept, std::string_view request, operation op) {
        call c(op);
        auto work = [&] { return kept.session->exec(request, c); };
        const reply outcome = co_await detail::guarded(work);
        operation_ended(kept, op.id());
        op.finish(outcome);
    }

    task<> run_keepalive(session_record& kept, operation op) {
        call c(op);
        auto work = [&] { return kept.session->keepalive(c); };
        const reply outcome = co_await detail::guarded(work);
        operation_ended(kept, op.id());
        op.finish(outcome);
    }

    task<> run_close(frl_session id, session_record& kept, operation op) {
        if (const auto found = operations_.find(kept.running); found != operations_.end()) {
            found->second->request();
            co_await wait_idle(kept).shielded();
        }
        call c(op);
        auto work = [&] { return kept.session->close(c); };
        const reply outcome = co_await detail::guarded(work);
        operations_.erase(op.id());
        sessions_.erase(id);
        op.finish(outcome);
    }

    static task<> wait_idle(session_record& kept) { co_await kept.idle.wait(); }

    void start_operation(session_record& kept, frl_op op, task<> work) {
        kept.running = op;
        kept.idle.reset();
        operations_[op] = &spawn(std::move(work));
    }

    void operation_ended(session_record& kept, frl_op op) {
        operations_.erase(op);
        kept.running = 0;
        kept.idle.set();
    }

    session_record& open_session(frl_session id) {
        const auto found = sessions_.find(id);
        if (found == sessions_.end() || found->second->closing) {
            throw failure(error("session_lost", "The driver has no open session " + std::to_string(id) + ".", true));
        }
        return *found->second;
    }

    session_record& idle_session(frl_session id) {
        auto& kept = open_session(id);
        if (kept.running != 0) {
            throw failure(error("internal", "Session " + std::to_string(id) + " is busy with another operation."));
        }
        return kept;
    }

    void coroutines_ended() noexcept override {
        sessions_.clear();
        operations_.clear();
    }

    std::unordered_map<frl_session, std::unique_ptr<session_record>> sessions_;
    std::unordered_map<frl_op, cancellation*> operations_;

    friend class driver_session;
};

inline strand& driver_session::home() const noexcept {
    return owner_->home();
}

inline const host& driver_session::host() const noexcept {
    return owner_->host();
}

inline void driver_session::lost(const error& why) const {
    const auto service = host().service<frl_session_service>(FRL_SERVICE_SESSIONS);
    if (service.lost == nullptr) {
        return;
    }
    const auto text = why.json();
    service.lost(service.ctx, id_, str(text));
}

} // namespace ferrule::sdk
