// An agent as a node: its jobs run there, and their order is kept here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "devices/agent_sender.hpp"
#include "devices/ended_job.hpp"
#include "devices/job_messages.hpp"
#include "devices/node.hpp"
#include "devices/node_parts.hpp"
#include "devices/remote_board.hpp"

namespace ferrule::devices {

/// Gives an agent one job of a device at a time, once its record says, on disk, that it runs there; takes progress and
/// the end. Jobs of an agent that is away wait. Thread-safe; what comes from one agent must come in order. Lives as
/// long as the engine. No lock is held while others are called, but for the table, the link and the writer of records.
class remote_node final : public node {
  public:
    /// expected: has jobs of an earlier time and has not been heard of. attached: greeted. detached: its connection
    /// broke a moment ago. offline: given up.
    enum class presence { expected, attached, detached, offline };

    remote_node(std::string name, node_parts& parts, agent_sender& link);

    bool push(const entry_ptr& entry) override;
    void wake(const entry_ptr& entry) override;
    [[nodiscard]] bool has(const std::string& key) const override;
    [[nodiscard]] model::node_info info() const override;
    [[nodiscard]] std::vector<model::session_info> sessions() const override;
    result<void> close_session(const std::string& id, bool force) override;
    asio::awaitable<void> stop(base::duration limit) override;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    [[nodiscard]] presence where() const;
    /// Itself, if the device allows it, it is online and has the driver. Without a copy if not.
    [[nodiscard]] std::optional<model::node_info> offer(const resolved_target& at) const;
    /// The device allows it and it is not online, but may be again.
    [[nodiscard]] bool may_return(const resolved_target& at) const;

    /// What the controller knows of the agent; `load` gives the load average of its host per core.
    void describe(std::string region, model::labels tags, std::function<double()> load);

    void greeted(const job_hello& hello);
    void caught_up(const std::string& instance, std::int64_t seq);
    void progress(const job_progress& step);
    /// False when the attempt is not one that runs or is being ended here; `taken` is called once the end is on disk.
    bool ended(const ended_job& end, std::function<void()> taken);
    void disconnected();

    /// A job that a process before this one gave to the agent; it is claimed and shown as running.
    void adopt(const entry_ptr& entry, const job_ptr& left);
    /// Everything that it had; it is offline afterwards, until it greets.
    [[nodiscard]] remote_board::leftovers give_up();

  private:
    using given = remote_board::given;
    using stage = remote_board::stage;

    struct ending {
        attempt which;
        job_table::listener stored;
        std::vector<std::function<void()>> taken;
    };

    [[nodiscard]] model::node_info info_now() const;
    void begin(const std::vector<given>& begun);
    void note(const entry_ptr& entry, const attempt& which, const job_ptr& shown, std::string instance);
    void noted(const entry_ptr& entry, const attempt& which, const std::string& instance, const result<void>& written);
    void tell(const entry_ptr& entry, const attempt& which);
    bool post(given& job, std::string& order);
    void post_cancel(given& job);
    void cancel(const entry_ptr& entry, const attempt& which);
    [[nodiscard]] std::function<void()> interrupter(const entry_ptr& entry, const attempt& which);
    void drop(const entry_ptr& entry, const attempt& which, model::job_state state, error why);
    void go_on(const entry_ptr& after);
    void retry();
    void retry_later();
    [[nodiscard]] bool begins_again(const given& job) const;
    void lost(const given& job);
    void announce(bool online) const;
    bool session_chosen(const given& job, const std::string& id);
    void announce_session(const std::string& id, const std::string& device, const char* state) const;
    void show(given& job, const job_progress& step);
    void stored(const std::string& id);
    [[nodiscard]] model::job last_of(const entry_ptr& entry, const ended_job& end) const;

    const std::string name_;
    node_parts& parts_;
    agent_sender& link_;
    mutable std::mutex mutex_; // all below
    remote_board board_;
    std::map<std::string, ending> ending_; // by id; their ends are being written
    presence presence_ = presence::expected;
    model::node_info about_; // but for count, load and online
    std::vector<std::string> drivers_;
    std::size_t most_sessions_ = 0;
    std::function<double()> load_;
    bool stuck_ = false; // the link took nothing
    bool stopped_ = false;
};

/// What becomes of a job whose node is gone, when it is not begun again.
error node_lost(const std::string& node, bool change);
/// How often a job may be begun again after what ran it has gone.
inline constexpr std::int64_t most_restarts = 2;

} // namespace ferrule::devices
