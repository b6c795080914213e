// Checks on disk: what was measured, and what is known.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "model/page.hpp"
#include "model/sample.hpp"
#include "probes/live_checks.hpp"
#include "probes/rollup.hpp"
#include "store/store.hpp"

namespace ferrule::probes {

namespace asio = boost::asio;

/// Samples that are written together have one stamp: the wall clock in milliseconds, but always more than the one
/// before, so that stamps give the order of writing.
using stamp = std::int64_t;

/// How long what was measured is kept; zero keeps it for ever.
struct measurement_retention {
    base::duration samples = std::chrono::hours(24);
    base::duration rollups = std::chrono::hours(24 * 400);
};

/// One hour of one location.
struct kept_hour {
    std::string target;
    std::string location;
    rollup figures;
};

/// Which results of a check are wanted: the newest first, in the order in which they were written.
struct result_query {
    std::string check;
    std::string target;   ///< Empty for all.
    std::string location; ///< Empty for all.
    base::wall_time since = base::wall_time::min();
    std::size_t limit = 50;
    std::string cursor; ///< `next` of the page before.
};

/// Makes records of what the service knows, and reads them. A check's samples of one stretch are one record (of several
/// when they are very many), its hours one record each. Thread-safe.
class check_records {
  public:
    static std::vector<store::collection> collections();

    check_records(store::store& records, measurement_retention keep)
        : records_(records)
        , keep_(keep) {}

    // Records to be written.
    /// `samples` are JSON objects as text.
    void put_samples(const std::string& check, stamp at, const std::vector<std::string>& samples,
                     std::vector<store::record>& into) const;
    void put_hour(const std::string& check, const kept_hour& hour, std::vector<store::record>& into) const;
    void put_state(const std::string& check, const std::string& target, const live_target& now,
                   std::vector<store::record>& into) const;
    void drop_state(const std::string& check, const std::string& target, std::vector<store::record>& into) const;
    void put_window(const std::string& check, const model::maintenance_window& when,
                    std::vector<store::record>& into) const;
    void drop_window(const std::string& check, const std::string& name, std::vector<store::record>& into) const;
    /// Up to this stamp samples are contained in the hours.
    void put_mark(stamp contained, std::vector<store::record>& into) const;

    /// Resumes once all of it is on disk, or none.
    asio::awaitable<result<void>> write(std::vector<store::record> all);

    // Reading. What cannot be read is logged and left out, but for the store's own failures.
    asio::awaitable<result<stamp>> mark();
    asio::awaitable<result<std::optional<rollup>>> hour(std::string check, std::string target, std::string location,
                                                        base::wall_time start);
    /// Hours that begin in [from, until).
    asio::awaitable<result<std::vector<kept_hour>>> hours(std::string check, base::wall_time from,
                                                          base::wall_time until);

    struct kept_state {
        std::string check;
        std::string target;
        base::json value;
    };

    asio::awaitable<result<std::vector<kept_state>>> states();
    asio::awaitable<result<std::vector<std::pair<std::string, model::maintenance_window>>>> windows();

    /// A stretch of a check's samples.
    struct stretch {
        stamp at = 0;
        std::vector<model::sample> samples;
    };

    /// At most `most` records after `after`, in order; `next` is the key to go on after.
    struct stretches {
        std::vector<stretch> all;
        std::string next; ///< Empty when there are no more.
    };

    asio::awaitable<result<stretches>> samples(std::string check, std::string after, std::uint32_t most);
    /// The key after which samples of a stamp later than `at` lie.
    static std::string after_key(const std::string& check, stamp at);

    /// A page of results, as JSON objects.
    asio::awaitable<result<model::page<base::json>>> results(result_query wanted);

  private:
    store::store& records_;
    const measurement_retention keep_;
};

/// Takes up what put_state wrote. Fails with `corrupt_record`.
result<void> restore_state(live_target& into, const base::json& kept);

} // namespace ferrule::probes
