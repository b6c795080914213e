// Counts what is under way, so that shutdown can wait for it.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

#include <boost/asio/awaitable.hpp>

#include "base/clock.hpp"

namespace ferrule::runtime {

namespace asio = boost::asio;

/// A door that each piece of work passes: `enter` gives a pass until the gate is closed, `drain` closes it and waits
/// for every pass to be given back. enter and passes from any thread; drain once, from a coroutine.
class gate {
    struct state;

  public:
    /// Held by one piece of work; giving it back (destroying it) may complete a drain.
    class pass {
      public:
        pass(pass&&) noexcept = default;
        pass& operator=(pass&& other) noexcept;
        pass(const pass&) = delete;
        pass& operator=(const pass&) = delete;
        ~pass();

      private:
        friend class gate;
        explicit pass(std::shared_ptr<state> held);
        std::shared_ptr<state> held_;
    };

    gate();

    /// A pass, or none once the gate is closed.
    [[nodiscard]] std::optional<pass> enter();
    [[nodiscard]] std::size_t inside() const noexcept;
    /// Takes nothing new; does not wait.
    void close();
    /// Closes and waits until nothing is inside or the limit has passed; returns how many are still inside.
    asio::awaitable<std::size_t> drain(base::duration limit);

  private:
    std::shared_ptr<state> state_;
};

} // namespace ferrule::runtime
