// The controller's book of agents.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json_fwd.hpp"
#include "fleet/agent_directory.hpp"
#include "fleet/protocol/greeting.hpp"
#include "fleet/store_write.hpp"
#include "fleet/traffic.hpp"
#include "net/certificate_facts.hpp"
#include "store/store.hpp"

namespace ferrule::state {
class event_bus;
}

namespace ferrule::fleet {

namespace asio = boost::asio;

/// What an agent is admitted with; labels and region of its join token.
struct admission {
    std::string name;
    net::certificate_facts certificate;
    model::labels tags;
    std::string region;
    std::string host;
    std::uint64_t revocations = 0; ///< Of the name until record_of(), which sets it.
};

/// All agents that ever joined and were not forgotten, in memory over the store. Which certificates count is decided
/// here: of one name those from a serial number on, none once it is revoked. Thread-safe; `load` before anything else.
class registry final : public agent_directory {
  public:
    static store::collection collection();

    registry(store::store& records, state::event_bus& bus, const base::clock& clock);

    asio::awaitable<result<void>> load();

    [[nodiscard]] std::vector<agent_ptr> list() const override;
    [[nodiscard]] agent_ptr find(const std::string& name) const override;

    /// Why a certificate of our authority is not accepted; none when it is. An agent that is not known but has such a
    /// certificate is accepted: another controller with the same authority admitted it.
    [[nodiscard]] std::optional<std::string> judge(const net::certificate_facts& shown) const;
    /// Whether an agent of this name may still connect.
    [[nodiscard]] bool is_taken(const std::string& name) const;
    /// The highest serial number that this name has had; empty for none.
    [[nodiscard]] std::string highest_serial(const std::string& name) const;

    /// The record of an admission, to be written before admit(). All earlier certificates of the name end with it.
    [[nodiscard]] store::record record_of(admission& wanted) const;
    /// Fails with `certificate_revoked` when the name was revoked since record_of(): it stays so.
    result<void> admit(const admission& wanted);
    /// A further certificate of the same agent; those before it end once it is used.
    asio::awaitable<result<void>> renewed(std::string name, net::certificate_facts fresh);
    /// Ends all its certificates. Fails with `agent_not_found`; with `unknown` it is refused even though it never came
    /// here, as one that another controller of the same authority admitted.
    asio::awaitable<result<void>> revoke(std::string name, bool unknown = false);
    /// Removes what is known of a revoked agent whose certificates have ended by themselves. `agent_in_use` otherwise.
    asio::awaitable<result<void>> forget(std::string name);

    // What happens on the link.
    void greeted(const std::string& name, const net::certificate_facts& shown, const protocol::hello& from,
                 const std::string& address);
    void heartbeat(const std::string& name, const base::json& body);
    void disconnected(const std::string& name, bool said_goodbye);

    /// To be called about once a second: tells who is late or offline, and writes what has changed.
    void sweep();
    /// Writes all that has changed.
    asio::awaitable<void> save();

  private:
    struct entry {
        agent_ptr shown;
        model::labels token_tags;
        std::string token_region;
        std::string least_serial;
        std::string highest_serial;
        bool revoked = false;
        std::uint64_t revocations = 0; ///< In this process.
        bool gone = false;             ///< It said goodbye, or has not been seen by this process.
        base::steady_time heard{};
        ferrule::fleet::traffic traffic;
        bool changed = false;
        base::steady_time saved{};
    };

    [[nodiscard]] store::record to_record(const entry& from) const;
    begun_write begin_writing(store::record one, const asio::any_io_executor& on);
    static std::optional<entry> from_record(const std::string& name, const std::string& text);
    entry& entry_of(const std::string& name);
    [[nodiscard]] static model::agent_state state_of(const entry& of, base::steady_time now);
    void apply(entry& to, const admission& wanted) const;
    void publish(const model::agent& about) const;
    void show(entry& of, model::agent changed) const;

    store::store& records_;
    state::event_bus& bus_;
    const base::clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, entry> all_;
};

} // namespace ferrule::fleet
