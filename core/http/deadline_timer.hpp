// One timer for all the deadlines of a connection, re-armed only when it must be.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

#include "base/clock.hpp"

namespace ferrule::http {

namespace asio = boost::asio;

/// Who is told when a deadline has passed.
class deadline_owner {
  public:
    virtual void deadline_passed() = 0;

  protected:
    ~deadline_owner() = default;
};

/// Holds the connection's current deadline. Arming a timer for each request costs more than a small handler, so a later
/// deadline is only noted: the timer fires at the earlier one, sees that there is time left and arms itself for the
/// rest. Everything on the connection's executor; the owner is kept alive by `keep` while it waits.
class deadline_timer {
  public:
    deadline_timer(const asio::any_io_executor& on, deadline_owner& owner);

    /// The one deadline from now on; replaces the last one.
    void set(base::steady_time deadline, const std::shared_ptr<void>& keep);

    /// No deadline until the next set.
    void clear() noexcept { deadline_ = base::steady_time::max(); }

    /// Ends the wait for good.
    void stop();

  private:
    void arm(const std::shared_ptr<void>& keep);

    asio::steady_timer timer_;
    deadline_owner& owner_;
    base::steady_time deadline_ = base::steady_time::max();
    base::steady_time armed_for_ = base::steady_time::max();
};

} // namespace ferrule::http
