// Commands on the controller's disk.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "fleet/store_write.hpp"
#include "model/command.hpp"
#include "model/page.hpp"
#include "store/store.hpp"

namespace ferrule::fleet::exec {

namespace asio = boost::asio;

/// Something that somebody did or tried, as it is kept.
struct audit_entry {
    std::string what;    ///< Such as `command.run`.
    std::string who;     ///< Name of the token, or `agent NAME`.
    std::string from;    ///< Address.
    std::string about;   ///< Id of the command or task.
    std::string details; ///< JSON text of an object.
    std::string id;      ///< Of something that may be told twice and is to stand here once; empty: a new one.
};

/// Filters of a listing; empty ones do not filter.
struct task_query {
    std::string command;
    std::string agent;
    std::optional<model::task_state> state;
    std::string cursor; ///< `next` of the page before.
    std::uint32_t limit = 50;
};

/// Writes and reads commands, their tasks and the record of who did what. Thread-safe.
class command_records {
  public:
    struct periods {
        base::duration commands{}; ///< 0: for ever, as the next.
        base::duration audit{};
        base::duration keys{};
    };

    static std::vector<store::collection> collections();

    command_records(store::store& records, periods kept, const base::clock& clock);

    [[nodiscard]] store::record make(const model::fleet_command& kept) const;
    [[nodiscard]] store::record make(const model::command_task& kept) const;
    [[nodiscard]] store::record make(const audit_entry& happened) const;
    [[nodiscard]] store::record make_key(const std::string& key, const std::string& command,
                                         const std::string& fingerprint) const;
    void write(std::vector<store::record> all, std::function<void(result<void>)> done);
    /// To be awaited on `on`.
    begun_write begin(std::vector<store::record> all, const asio::any_io_executor& on);
    /// Nobody waits; a failure is logged.
    void note(const audit_entry& happened);
    /// As above; `done` once it is on disk, or was before.
    void note(const audit_entry& happened, std::function<void()> done);

    struct key_use {
        std::string command;
        std::string fingerprint;
    };

    asio::awaitable<result<std::optional<key_use>>> find_key(std::string key);
    asio::awaitable<result<std::optional<model::fleet_command>>> command(std::string id);
    asio::awaitable<result<std::optional<model::command_task>>> task(std::string id);
    /// Newest first.
    asio::awaitable<result<model::page<model::fleet_command>>> commands(std::string cursor, std::uint32_t limit);
    /// In the order of their ids.
    asio::awaitable<result<model::page<model::command_task>>> tasks(task_query wanted);
    /// All that are not final.
    asio::awaitable<result<std::vector<model::command_task>>> unfinished();
    /// Newest first, as they are stored.
    asio::awaitable<result<model::page<base::json>>> audit(std::string cursor, std::uint32_t limit);

  private:
    [[nodiscard]] std::int64_t after(base::wall_time from, base::duration span) const;

    store::store& records_;
    const periods kept_;
    const base::clock& clock_;
};

} // namespace ferrule::fleet::exec
