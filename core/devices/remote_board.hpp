// What one agent has been given, and what waits for it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "devices/job_entry.hpp"
#include "devices/job_messages.hpp"
#include "devices/job_table.hpp"

namespace ferrule::devices {

/// Decides which job goes to an agent when, so that the jobs of a device run there one after the other, and knows of
/// each whether the agent may have it. Sans-I/O: told what happens, it says what is to be done. Not thread-safe.
class remote_board {
  public:
    /// noting: that it goes there is being written. ready: written, and not sent. sent: the agent has it, or will.
    /// doubtful: it was sent before the connection broke, and the agent has not named it since.
    enum class stage { noting, ready, sent, doubtful };

    /// A job that was taken from the queue for this agent.
    struct given {
        entry_ptr entry;
        attempt which;
        bool change = false;
        stage at = stage::noting;
        std::string instance;    ///< The process of the agent that its record names.
        bool again = false;      ///< It was sent, and the agent does not know of it.
        bool cancel = false;     ///< The agent is to be told to end it, once it can be.
        std::size_t results = 0; ///< Those that have begun.
        bool settled = false;    ///< The last of them has ended.
        bool broken = false;     ///< Output of the last one was missed.
        std::size_t shown = 0;   ///< Bytes of all of them.
    };

    /// What a greeting asks for.
    struct greeting {
        std::vector<given> tell_again; ///< Ready to be sent.
        std::vector<attempt> cancel;   ///< The agent runs them, and nobody wants them any more.
    };

    /// What is left over of an agent that does not come back.
    struct leftovers {
        std::vector<entry_ptr> waiting;  ///< In the order of each device; never claimed.
        std::vector<given> never_began;  ///< Did not reach it.
        std::vector<given> may_have_run; ///< Did, perhaps.
    };

    explicit remote_board(job_table& table)
        : table_(table) {}

    void push(const entry_ptr& entry);
    /// Puts a job before all others of its device.
    void push_front(const entry_ptr& entry);
    /// Others have claimed one of the queue; clears them away now and then.
    void dropped(const entry_ptr& entry);
    /// A job that a process before this one gave to the agent.
    void adopt(const entry_ptr& entry, attempt which, bool change, std::string instance);

    /// Claims what may begin behind this job, or all that may begin. Nothing while the agent is away.
    [[nodiscard]] std::vector<given> next(const entry_ptr& of);
    [[nodiscard]] std::vector<given> next();

    /// Null when it is not here, or not this attempt.
    [[nodiscard]] given* find(const attempt& which);
    /// Takes it out, because it has ended or goes elsewhere.
    void remove(const attempt& which);
    [[nodiscard]] std::vector<given> ready() const;
    /// Those that the agent has and is still to be told to end.
    [[nodiscard]] std::vector<given*> to_cancel();

    /// A later greeting of the same process was heard already: this one comes from a connection that was replaced.
    [[nodiscard]] bool is_outdated(const job_hello& hello) const {
        return hello.instance == instance_ && hello.seq < seq_;
    }

    [[nodiscard]] greeting greet(const job_hello& hello);
    /// All ends that the agent had kept have come: those that were never received become ready, and those that its
    /// process took along come back, removed. `seq` of another greeting says nothing.
    [[nodiscard]] std::vector<given> caught_up(const std::string& instance, std::int64_t seq);
    void detach();
    /// Empties it.
    [[nodiscard]] leftovers give_up();

    /// A pinned one ties its device to the agent.
    void session_opened(model::session_info session, bool pinned);
    void session_closed(const std::string& id);
    [[nodiscard]] model::session_info* find_session(const std::string& id);
    [[nodiscard]] std::vector<model::session_info> sessions() const;

    [[nodiscard]] std::size_t session_count() const noexcept { return sessions_.size(); }

    [[nodiscard]] bool attached() const noexcept { return attached_; }

    [[nodiscard]] const std::string& instance() const noexcept { return instance_; }

    [[nodiscard]] bool has(const std::string& key) const { return lanes_.contains(key); }

    /// Devices and fifo jobs that take up room on it.
    [[nodiscard]] std::size_t count() const noexcept { return lanes_.size() + fifo_running_; }

  private:
    struct lane {
        std::deque<entry_ptr> waiting;
        std::size_t dead = 0; ///< Of them, those that others have claimed; at least.
        std::size_t busy = 0;
        std::size_t sessions = 0;
    };

    using lanes = std::unordered_map<std::string, lane>;

    void take(std::deque<entry_ptr>& from, std::size_t& dead, std::vector<given>& into);
    void begin(lane& of, std::vector<given>& into);
    void begin_fifo(std::vector<given>& into);
    void tidy(std::deque<entry_ptr>& queue, std::size_t& dead);
    void release(const entry_ptr& entry);
    void retire(lanes::iterator at);
    void forget_sessions();

    job_table& table_;
    lanes lanes_;
    std::deque<entry_ptr> fifo_;
    std::size_t fifo_dead_ = 0;
    std::size_t fifo_running_ = 0;
    std::size_t fifo_limit_ = 0;
    std::map<std::string, given> given_; // by id, so that they are in the order of acceptance
    std::map<std::string, std::pair<model::session_info, bool>> sessions_;
    std::string instance_;
    std::int64_t seq_ = -1;
    bool attached_ = false;
};

} // namespace ferrule::devices
