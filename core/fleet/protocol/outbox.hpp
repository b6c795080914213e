// Decides what of the spool is sent, resent and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace ferrule::fleet::protocol {

/// The order and the state of deliveries by their numbers; their texts are elsewhere. Numbers ascend for ever.
/// Sans-I/O; one thread at a time.
class outbox {
  public:
    struct limits {
        std::uint64_t bytes = std::uint64_t{64} << 20U;
        std::size_t window = 256; ///< Sent and not yet acknowledged.
        std::size_t window_bytes = std::size_t{1} << 20U;
        base::duration resend_after = std::chrono::seconds(60);
    };

    explicit outbox(limits wanted);

    /// What an earlier process left behind, in the order of the numbers.
    void restore(const std::vector<std::pair<std::uint64_t, std::size_t>>& left, std::uint64_t next);

    struct added {
        std::uint64_t seq = 0;
        std::vector<std::uint64_t> dropped; ///< The oldest, which had to make room; already counted as lost.
    };

    /// Gives a number to a delivery of so many bytes. It is not sent before kept().
    added add(std::size_t bytes);
    void kept(std::uint64_t seq);
    /// It could not be written, and is forgotten.
    void not_kept(std::uint64_t seq);

    void connected();
    void disconnected();
    /// The next one to send now; it counts as sent.
    std::optional<std::uint64_t> next(base::steady_time now);
    /// What it was asked for last could not be sent: it comes again.
    void not_sent(std::uint64_t seq);
    /// Everything up to it is safe; returns what may be removed.
    std::vector<std::uint64_t> acknowledged(std::uint64_t seq, base::steady_time now);
    /// Nobody will ever take it: it is lost. False when it is not there.
    bool rejected(std::uint64_t seq);

    /// A controller knows of so many losses.
    void told(std::uint64_t lost);

    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

    void set_lost(std::uint64_t count) noexcept { lost_ = count; }

    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  private:
    enum class state : std::uint8_t { being_written, ready, sent };

    struct entry {
        std::uint64_t seq;
        std::size_t bytes;
        state what;
    };

    std::deque<entry>::iterator find(std::uint64_t seq);
    void forget(std::deque<entry>::iterator at);
    void send_again();

    const limits limits_;
    std::deque<entry> entries_; ///< By number.
    std::uint64_t next_ = 1;
    std::uint64_t bytes_ = 0;
    std::uint64_t lost_ = 0;
    std::set<std::uint64_t> doubtful_; ///< Dropped while on their way; an acknowledgement may still come.
    bool connected_ = false;
    std::size_t sent_ = 0;
    std::size_t sent_bytes_ = 0;
    std::size_t cursor_ = 0; ///< Entries before it are sent.
    base::steady_time waiting_since_{};
};

} // namespace ferrule::fleet::protocol
