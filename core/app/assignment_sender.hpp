// Tells agents what they are to measure.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "fleet/link.hpp"
#include "probes/assignment.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// Brings each connected agent to the assignments that hold for it now, however many they are and however slow its
/// connection: a part goes when the agent has confirmed the one before, and goes again when that takes too long. Newer
/// assignments take the place of older ones that are still under way. Thread-safe; kept alive by its own waiting.
class assignment_sender : public std::enable_shared_from_this<assignment_sender> {
  public:
    /// What the agent is to measure now; called under this object's lock.
    using source = std::function<std::vector<probes::assignment>(const std::string& agent)>;

    assignment_sender(asio::any_io_executor strand, fleet::agents_link& link, source of,
                      base::duration resend_after = std::chrono::seconds(10));

    /// Its assignments go out, whatever it was told on earlier connections.
    void connected(const std::string& agent);
    void disconnected(const std::string& agent);
    /// Assignments may have changed: those who have others now are told.
    void changed();
    /// The agent has a part.
    void confirmed(const std::string& agent, const base::json& body);
    /// Sends nothing again from here on.
    void stop();

  private:
    struct telling {
        std::string set;
        std::vector<std::string> parts; ///< Empty once the agent has them all.
        std::size_t at = 0;             ///< The one that was sent last.
        base::steady_time sent{};
    };

    // Called with the lock held.
    void begin(const std::string& agent, bool anyway);
    void send(const std::string& agent, telling& to);
    void watch();
    void send_again();

    const asio::any_io_executor strand_;
    fleet::agents_link& link_;
    const source of_;
    const base::duration resend_after_;
    asio::steady_timer timer_; ///< On the strand.
    std::mutex mutex_;         ///< For what follows.
    std::map<std::string, telling> agents_;
    bool watching_ = false;
    bool stopped_ = false;
};

} // namespace ferrule::app
