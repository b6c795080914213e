// Decides which of those that knock are let in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace ferrule::net {

/// Who may shake hands, when more come than can be served at once and some of them only want to be in the way. One that
/// has said nothing yet holds a place in the waiting room, which is cheap; one that has spoken waits there for one of
/// the slots, in the order in which they spoke. When the room is full, the one that has been silent for longest makes
/// place. Nobody takes all of it: while others wait, one origin gets no more than a quarter of the slots, and of the
/// one that has most of a full room, if that is more than an eighth, some are turned away. A slot whose peer has let
/// the others wait for too long is taken from it. A herd of those who belong here is not thinned out: as long as they
/// pass through all slots at a good pace, those who wait keep their places, and who comes waits where he is. Of an
/// origin that is alone, as many behind one address are, whoever passes counts. Sans-I/O; one thread at a time.
class admission {
  public:
    struct settings {
        std::size_t slots = 64;
        std::size_t room = 1024;                           ///< Places without a slot.
        base::duration patience = std::chrono::seconds(2); ///< With a slot, while others wait for one.
        base::duration silence = std::chrono::seconds(10); ///< Without a word.
    };

    /// Ascends with their arrival.
    using number = std::uint64_t;

    explicit admission(settings wanted);

    /// Somebody came from `origin`, an address or a network.
    number came(std::string origin, base::steady_time now);
    /// It has begun to speak.
    void spoke(number who);
    /// Its connection has gone, or is past the handshake; `known` if that has shown that it belongs here.
    void gone(number who, bool known = false);

    enum class reason { silent, crowd, slow, share };

    struct eviction {
        number who = 0;
        reason why = reason::silent;
    };

    struct step {
        std::vector<eviction> evicted; ///< To be closed; they count as gone.
        std::vector<number> admitted;
    };

    /// What follows from all of that.
    step next(base::steady_time now);
    /// When next() is to be called again though nothing has happened.
    [[nodiscard]] std::optional<base::steady_time> next_at(base::steady_time now) const;
    /// Whether one more can come; else it had better wait where it is.
    [[nodiscard]] bool has_room(base::steady_time now) const;

  private:
    enum class phase { silent, ready, admitted };

    struct caller {
        std::string origin;
        phase what = phase::silent;
        base::steady_time since{}; ///< Its arrival, or when it was admitted.
    };

    struct presence {
        std::size_t waiting = 0;
        std::size_t admitted = 0;
    };

    using crowd_map = std::unordered_map<std::string, presence>;

    [[nodiscard]] std::size_t waiting() const noexcept { return silent_.size() + ready_.size(); }

    [[nodiscard]] std::size_t fair_share() const noexcept;

    /// What is too short to tell one that says nothing from one whose first words are on their way.
    [[nodiscard]] base::duration moment() const noexcept { return settings_.patience / 20; }

    /// In which each slot turns over once if those who come are in earnest.
    [[nodiscard]] base::duration pace() const noexcept { return settings_.patience / 4; }

    [[nodiscard]] crowd_map::const_iterator crowd() const;
    [[nodiscard]] bool is_patient() const noexcept;
    [[nodiscard]] std::optional<eviction> choose_to_go(base::steady_time now) const;
    [[nodiscard]] std::optional<number> choose_ready(bool& fair) const;
    [[nodiscard]] std::optional<eviction> choose_victim(bool fair, base::steady_time now) const;
    void watch_pace(base::steady_time now);
    void forget(number who);
    void evict(const eviction& which);

    const settings settings_;
    number last_ = 0;
    std::unordered_map<number, caller> all_;
    crowd_map origins_;
    std::set<number> silent_;
    std::deque<number> ready_;
    std::set<std::pair<base::steady_time, number>> admitted_;
    std::vector<eviction> evicted_;
    std::optional<base::steady_time> watched_since_; ///< While the room fills.
    std::size_t turned_over_ = 0;                    ///< Since then; what was taken from its peer aside.
    std::size_t known_ = 0;                          ///< Of these.
    bool stands_still_ = false;                      ///< As it was the last time.
    bool known_pass_ = false;                        ///< The same.
};

} // namespace ferrule::net
