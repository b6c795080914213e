// SPDX-License-Identifier: Apache-2.0
// Owning an operation, so that it is completed exactly once on every path.
#pragma once

#include <ferrule/sdk/host.hpp>

#include <string_view>
#include <utility>

namespace ferrule::sdk {

/// One running operation. Destroyed unfinished it completes with an internal error; a second completion does nothing.
/// Move-only; one thread at a time, but any thread. The host must outlive it.
class operation {
  public:
    operation() = default;

    operation(const host& owner, frl_op id) noexcept
        : host_(&owner)
        , id_(id) {}

    operation(operation&& other) noexcept
        : host_(std::exchange(other.host_, nullptr))
        , id_(std::exchange(other.id_, 0)) {}

    operation& operator=(operation&& other) noexcept {
        if (this != &other) {
            abandon();
            host_ = std::exchange(other.host_, nullptr);
            id_ = std::exchange(other.id_, 0);
        }
        return *this;
    }

    ~operation() { abandon(); }

    /// Streams a piece of the output. False when nobody wants more: the output limit is reached or the operation is
    /// over.
    bool emit(std::string_view bytes) const {
        const auto& table = host_->table();
        return host_->require(table.op_emit, "op_emit")(table.ctx, id_, str(bytes)) == FRL_OK;
    }

    /// Ends the operation with its result as JSON text.
    void complete(std::string_view json = "{}") noexcept { finish(FRL_OK, json); }

    /// Ends the operation with an error.
    void fail(const error& what) noexcept {
        try {
            const auto text = what.json();
            finish(what.status(), text);
        } catch (...) {
            finish(FRL_FAILED, R"({"code":"internal","message":"Out of memory.","retryable":true})");
        }
    }

    void finish(const reply& how) noexcept {
        if (how) {
            complete(*how);
        } else {
            fail(how.error());
        }
    }

    /// True once the host asked for an end, or gave up on it.
    [[nodiscard]] bool cancelled() const noexcept {
        const auto& table = host_->table();
        return table.op_cancelled != nullptr && table.op_cancelled(table.ctx, id_) != 0;
    }

    [[nodiscard]] bool pending() const noexcept { return id_ != 0; }

    [[nodiscard]] frl_op id() const noexcept { return id_; }

    [[nodiscard]] const sdk::host& owner() const noexcept { return *host_; }

  private:
    void finish(frl_status status, std::string_view json) noexcept {
        if (id_ != 0 && host_->table().op_complete != nullptr) {
            host_->table().op_complete(host_->ctx(), std::exchange(id_, 0), status, str(json));
        }
    }

    void abandon() noexcept {
        if (id_ != 0) {
            finish(FRL_FAILED,
                   R"({"code":"internal","message":"The plugin dropped the operation without completing it.",)"
                   R"("retryable":false})");
        }
    }

    const sdk::host* host_ = nullptr;
    frl_op id_ = 0;
};

/// What the code of an operation sees of it while it runs; its return value ends it.
class call {
  public:
    explicit call(const operation& op, time_ns deadline = never) noexcept
        : op_(&op)
        , deadline_(deadline) {}

    /// Streams a piece of the output. False when nobody wants more.
    bool emit(std::string_view bytes) const { return op_->emit(bytes); }

    /// True once the host asked for an end. Waits in a coroutine report it by themselves.
    [[nodiscard]] bool cancelled() const noexcept { return op_->cancelled(); }

    /// When the host wants it to be over; `never` where the kind has no deadline.
    [[nodiscard]] time_ns deadline() const noexcept { return deadline_; }

    /// Time left until the deadline, at most an hour; for libraries that take a timeout.
    [[nodiscard]] std::chrono::milliseconds remaining() const {
        const auto at = host().now();
        const auto left = deadline_ > at ? deadline_ - at : 0;
        return std::chrono::milliseconds(std::min<time_ns>(left / 1'000'000, 3'600'000));
    }

    [[nodiscard]] frl_op id() const noexcept { return op_->id(); }

    [[nodiscard]] const sdk::host& host() const noexcept { return op_->owner(); }

  private:
    const operation* op_;
    time_ns deadline_;
};

} // namespace ferrule::sdk
