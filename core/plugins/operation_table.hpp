// The operations that a plugin owes an end.
#pragma once

#include <ferrule/abi/abi.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugins/op_waiter.hpp"

namespace ferrule::plugins {

/// What became of a completion.
enum class completion {
    accepted,
    late,   ///< The operation was abandoned before.
    unknown ///< No such operation runs: completed twice, or never started.
};

/// What became of the wish that an operation ends.
enum class wish {
    told,      ///< It has begun; the plugin is to be told.
    not_begun, ///< It never reaches the plugin; who wished completes it.
    too_late   ///< It has ended, or was told before.
};

/// What is to be done with an operation whose turn has come.
enum class turn {
    begin, ///< Call the plugin.
    skip,  ///< It has been ended, or is about to be, by whoever wished that.
    let_go ///< It was abandoned before it began; complete it, so that its place is free again.
};

/// One instance's operations in a slab. A handle is a place and a generation, so that an old one never reaches a new
/// operation; each operation is completed once, and one that was abandoned keeps its place and its request until the
/// plugin lets go of it. Thread-safe: a look-up is an index, a lock is one operation's own.
class operation_table {
  public:
    /// What the instance has to see to after an operation has ended.
    struct ending {
        completion what = completion::unknown;
        /// Who waits for it; to be told last, when everything else has been cleared away. Null unless accepted.
        op_waiter* waiter = nullptr;
        op_outcome outcome;
        std::uint64_t deadline_timer = 0;
        std::uint64_t grace_timer = 0;
        /// The session that an abandoned `open` made after all.
        frl_session orphan = 0;
    };

    operation_table() = default;
    operation_table(const operation_table&) = delete;
    operation_table& operator=(const operation_table&) = delete;
    ~operation_table();

    /// A new operation. The request is kept until its end, at the same address. 0 when there are too many.
    frl_op begin(op_waiter& waiter, std::string request, std::size_t output_limit, frl_session session = 0,
                 bool opens = false);
    /// The request, valid until the operation ends.
    [[nodiscard]] frl_str request(frl_op op);

    frl_status emit(frl_op op, std::string_view bytes);
    [[nodiscard]] ending complete(frl_op op, op_outcome outcome);
    /// Ends the wait for an operation that the plugin still owes. False when it has ended.
    bool abandon(frl_op op, error why);
    /// Its turn: from `begin` on the plugin owes its end.
    [[nodiscard]] turn take_turn(frl_op op);
    /// Notes that it shall end.
    [[nodiscard]] wish ask_end(frl_op op, end_reason why);
    [[nodiscard]] end_reason asked(frl_op op);
    /// Whether the plugin should stop working on it.
    [[nodiscard]] bool unwanted(frl_op op);
    /// Whether it runs and somebody waits.
    [[nodiscard]] bool running(frl_op op);
    /// Remember a timer to clear away at the end; false when it has ended.
    bool attach_deadline(frl_op op, std::uint64_t timer);
    bool attach_grace(frl_op op, std::uint64_t timer);
    /// All that run, or those of one session.
    std::vector<frl_op> all(frl_session session = 0);

  private:
    enum class phase : std::uint8_t { idle, running, abandoned };

    struct operation {
        std::mutex mutex;
        std::uint32_t generation = 1;
        phase at = phase::idle;
        end_reason asked = end_reason::none;
        bool begun = false;
        bool truncated = false;
        op_waiter* waiter = nullptr;
        std::string request;
        std::size_t emitted = 0;
        std::size_t limit = 0;
        frl_session session = 0;
        bool opens = false;
        std::uint64_t deadline_timer = 0;
        std::uint64_t grace_timer = 0;
    };

    static constexpr std::size_t chunk_size = 256;
    static constexpr std::size_t most_chunks = 1024;
    using chunk = std::array<operation, chunk_size>;

    [[nodiscard]] operation* at(frl_op op) const noexcept;
    /// Calls `use(operation)` with its lock held; `otherwise` when the handle is not of a present operation.
    template <class T, class Use>
    T with(frl_op op, T otherwise, Use use) const;

    static bool is(const operation& which, frl_op op) noexcept {
        return which.generation == static_cast<std::uint32_t>(op >> 32U);
    }

    void release(operation& which, std::unique_lock<std::mutex>& held, std::uint32_t index);

    std::array<std::atomic<chunk*>, most_chunks> chunks_{};
    std::mutex free_mutex_;
    std::vector<std::uint32_t> free_;
    std::uint32_t made_ = 0;
};

} // namespace ferrule::plugins
