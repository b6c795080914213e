// Jobs on disk.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "devices/job_entry.hpp"
#include "devices/job_service.hpp"
#include "devices/vault.hpp"
#include "model/job.hpp"
#include "store/store.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// Writes and reads job records. Secrets of a request (an inline login, replies to prompts) are sealed by the vault
/// while the job is unfinished and dropped with its end. Thread-safe.
class job_records {
  public:
    /// The collections that this class keeps in the store.
    static std::vector<store::collection> collections();

    job_records(store::store& records, const vault& sealing, base::duration retention, base::duration key_window,
                const base::clock& clock = base::system_clock());

    /// Queues the write; `done` comes on the loop once it is durable. Order of calls is order on disk.
    void put(const model::job& record, std::function<void(result<void>)> done);
    /// The first write of a job that came with an idempotency key: both records or none.
    void put_with_key(const model::job& record, const std::string& key, const std::string& fingerprint,
                      std::function<void(result<void>)> done);

    /// What a key was used for, within the window.
    struct key_use {
        std::string job;
        std::string fingerprint;
    };

    asio::awaitable<result<std::optional<key_use>>> find_key(std::string key);
    asio::awaitable<result<std::optional<model::job>>> get(std::string id);
    asio::awaitable<result<model::page<job_ptr>>> list(job_query query);
    /// Jobs whose record is not final, in order of acceptance, with their secrets; `error` is set in one whose secrets
    /// cannot be read. A record that is no job is logged and left alone.
    asio::awaitable<result<std::vector<model::job>>> unfinished();

  private:
    [[nodiscard]] store::record make_record(const model::job& kept) const;
    [[nodiscard]] result<model::job> read(const std::string& value, bool with_secrets) const;

    store::store& records_;
    const vault& sealing_;
    base::duration retention_;
    base::duration key_window_;
    const base::clock& clock_;
};

} // namespace ferrule::devices
