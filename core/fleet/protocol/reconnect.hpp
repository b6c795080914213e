// Decides when and where an agent connects next.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "base/clock.hpp"

namespace ferrule::fleet::protocol {

/// Full jitter: each wait is drawn evenly from zero to a bound that doubles with every failure, so that a herd spreads
/// itself out. Several controllers are tried in turn, beginning with the one that was connected last. Sans-I/O; chance
/// is passed in.
class reconnect {
  public:
    struct settings {
        std::size_t controllers = 1;
        base::duration first = std::chrono::milliseconds(500);
        base::duration most = std::chrono::seconds(60);
        /// The bound after a connection that had stood: a controller's restart brings all agents back at once.
        base::duration spread = std::chrono::seconds(3);
        /// The bound of one that every controller refuses for what it is, which only people can change.
        base::duration most_refused = std::chrono::hours(1);
        /// The same where nothing proves that it was the controller that refused.
        base::duration most_unproven = std::chrono::minutes(5);
    };

    /// `chance` gives an even number in [0, 1).
    reconnect(settings wanted, std::function<double()> chance);

    struct step {
        std::size_t controller = 0; ///< Index of the one to try.
        base::duration wait{};
    };

    /// What to do first: at once.
    [[nodiscard]] step begin() const noexcept { return {current_, {}}; }

    /// The connection could not be made, or was refused.
    step failed();
    /// The controller refuses this agent itself: its certificate, or its token. Once all have refused it, one after
    /// the other and without a failure of another kind between, the bound doubles with every round, beyond `most`, and
    /// the wait is at least half of it.
    /// `proven`: said by one that has shown the certificate of a controller. An alert during the handshake is not, and
    /// anyone on the way can send it.
    step refused(bool proven);
    /// A connection that had been greeted has gone.
    step lost();
    /// The controller has named a time; no earlier than that, and not all at once.
    step told_to_wait(base::duration at_least);

    /// The controller greets: failures are forgotten.
    void connected() noexcept {
        failures_ = refusals_ = 0;
        all_proven_ = true;
    }

  private:
    step another();
    base::duration drawn_up_to(base::duration bound);

    const settings settings_;
    std::function<double()> chance_;
    std::size_t current_ = 0;
    std::size_t failures_ = 0;
    std::size_t refusals_ = 0;
    bool all_proven_ = true; ///< Of them.
};

} // namespace ferrule::fleet::protocol
