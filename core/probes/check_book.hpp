// The checks that are known, from YAML and by REST.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "model/check.hpp"
#include "model/page.hpp"
#include "probes/probe_settings.hpp"
#include "runtime/turns.hpp"
#include "store/store.hpp"

namespace ferrule::probes {

namespace asio = boost::asio;

using check_ptr = std::shared_ptr<const model::check>;

/// How definitions are kept from the eyes of those who find the disk: settings may hold passwords.
struct sealing {
    std::function<std::string(std::string_view text, std::string_view purpose)> seal;
    std::function<result<base::secret>(std::string_view sealed, std::string_view purpose)> open;
};

/// A map in memory over records in the store. What YAML brought has origin `file` and cannot be changed by REST; the
/// rest is durable before a change is answered. Thread-safe; `load` once, before anything else.
class check_book {
  public:
    struct entry {
        check_ptr definition;
        base::wall_time made_at{}; ///< Figures from before belong to another check of the name; the epoch for files.
    };

    /// What follows a change, while the next one waits; `now` is null when the check is gone.
    using follower = std::function<void(const std::string& name, const entry& now)>;

    static store::collection collection();

    check_book(store::store& records, sealing at_rest, settings_schema schemas,
               const base::clock& time = base::system_clock());

    /// Takes the checks of the configuration and reads those of the store. A name in both is the file's, with a
    /// warning.
    asio::awaitable<result<void>> load(std::vector<model::check> from_file);

    /// Before the first change.
    void follow(follower hear) { hear_ = std::move(hear); }

    [[nodiscard]] entry find(std::string_view name) const;
    [[nodiscard]] std::vector<entry> all() const;
    /// In order of name, after `cursor`, with all of `tags`.
    [[nodiscard]] model::page<check_ptr> page(std::string_view cursor, std::size_t limit,
                                              const model::labels& tags) const;
    /// `check_not_found`, with the nearest name.
    [[nodiscard]] error unknown(std::string_view name) const;

    /// Makes or replaces; true when it is new. `read_only` for a check of the configuration, `invalid_request` for
    /// settings that the probe does not take and for dependencies on what does not exist or leads back, `in_use` when a
    /// target that goes is another check's parent, `name_taken` when only a new one is wanted.
    asio::awaitable<result<bool>> put(model::check wanted, bool only_new = false);
    /// `check_not_found`, `read_only`, `in_use` (with the names of the checks that depend on it).
    asio::awaitable<result<void>> remove(std::string name);

  private:
    [[nodiscard]] result<void> admissible(const model::check& wanted) const;
    [[nodiscard]] result<void> removable(std::string_view name) const;
    [[nodiscard]] result<void> fits(const model::check& wanted) const;

    store::store& records_;
    const sealing at_rest_;
    const settings_schema schemas_;
    const base::clock& time_;
    runtime::turns changes_{1}; ///< Each is checked, written and shown before the next, so that memory and disk agree.
    follower hear_;
    mutable std::mutex mutex_;
    std::map<std::string, entry, std::less<>> checks_;
};

} // namespace ferrule::probes
