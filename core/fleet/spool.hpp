// What an agent keeps for its controller.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log_pace.hpp"
#include "fleet/protocol/outbox.hpp"
#include "store/store.hpp"

namespace ferrule::fleet {

namespace asio = boost::asio;

/// The outbox over the agent's store: a message is durable before it is called kept, and leaves the disk once a
/// controller has it. Thread-safe; `load` before anything else.
class spool {
  public:
    static std::vector<store::collection> collections();

    spool(store::store& records, protocol::outbox::limits wanted, const base::clock& clock);

    asio::awaitable<result<void>> load();

    /// `kept` comes on the loop. `body` is JSON text.
    void add(std::string_view kind, std::string_view body, std::function<void(result<void>)> kept);

    /// Called, on any thread, when there may be something to send.
    void on_news(std::function<void()> hear) { news_ = std::move(hear); }

    /// Called, on any thread, when some had to be dropped. Before anything is added; any number may hear.
    void on_lost(std::function<void()> hear) { hear_lost_.push_back(std::move(hear)); }

    void connected();
    void disconnected();

    struct message {
        std::uint64_t seq = 0;
        std::string text;
    };

    /// What is to be sent now, in order; empty when nothing is.
    asio::awaitable<std::vector<message>> next();
    void not_sent(std::uint64_t seq);
    void acknowledged(std::uint64_t seq);
    void rejected(std::uint64_t seq, const std::string& kind);
    /// A controller knows of so many losses.
    void told(std::uint64_t lost);

    [[nodiscard]] std::uint64_t lost() const;
    [[nodiscard]] std::uint64_t bytes() const;
    [[nodiscard]] std::size_t size() const;

  private:
    void remove(const std::vector<std::uint64_t>& all, std::vector<store::record>& into);
    [[nodiscard]] store::record lost_record() const;
    void write_later(std::vector<store::record> all);

    store::store& records_;
    const base::clock& clock_;
    std::function<void()> news_;
    std::vector<std::function<void()>> hear_lost_;
    mutable std::mutex mutex_;
    protocol::outbox outbox_;
    std::map<std::uint64_t, std::string> fresh_; ///< Texts that are probably sent soon; the rest is read from disk.
    std::size_t fresh_bytes_ = 0;
    const std::shared_ptr<base::log_pace> complaints_ = std::make_shared<base::log_pace>(std::chrono::minutes(10));
};

} // namespace ferrule::fleet
