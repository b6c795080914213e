// All that is known about all checks, without I/O.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "model/node.hpp"
#include "model/sample.hpp"
#include "probes/anchors.hpp"
#include "probes/assignment.hpp"
#include "probes/check_book.hpp"
#include "probes/due_heap.hpp"
#include "probes/series.hpp"
#include "probes/watched_target.hpp"

namespace ferrule::probes {

/// Somebody knows of a problem and sees to it. Ends with the problem.
struct acknowledgement {
    std::string by;
    std::string comment;
    base::wall_time at{};
    std::optional<base::wall_time> until;
};

/// What one location found at a target.
struct location_history {
    explicit location_history(series_limits limits)
        : history(limits) {}

    series history;
    std::optional<model::sample> last;
};

struct live_target {
    live_target(watched_target watched, due_heap::slot place)
        : state(std::move(watched))
        , slot(place) {}

    assignment work; ///< For each of its locations.
    watched_target state;
    std::map<std::string, location_history> at; ///< By location.
    std::optional<acknowledgement> acknowledged;
    due_heap::slot slot;
    bool changed = false; ///< Since its state was last taken to be written down.
};

struct live_check {
    check_book::entry what;
    std::vector<model::maintenance_window> announced; ///< Beside those of the definition.
    std::vector<model::maintenance_window> windows;   ///< Both.
    std::map<std::string, live_target> targets;       ///< By name.
};

/// Puts the parts together: definitions and nodes make locations, samples make states and histories, states of parents
/// and reports of anchors make those of others. Sans-I/O: time comes in as an argument. Not thread-safe.
class live_checks {
  public:
    explicit live_checks(series_limits limits)
        : limits_(limits) {}

    void set_nodes(std::vector<model::node_info> nodes, base::wall_time now);
    void put(const check_book::entry& definition, base::wall_time now);
    void remove(const std::string& name);
    /// Another window beside the definition's, in place of one of its name; none removes it. False for none to remove.
    bool announce(const std::string& check, const std::string& window, std::optional<model::maintenance_window> when);

    enum class fate {
        taken,
        repeated, ///< It was known already.
        stray     ///< Nobody measures that there.
    };

    struct taken {
        fate what = fate::stray;
        measurement measured; ///< Only of what was taken.
    };

    /// Appends what changes to `into`.
    taken take(const model::sample& found, base::wall_time now, std::vector<transition>& into);
    /// A sample that histories contain but for minutes and recent results; see series::recall.
    void recall(const model::sample& found, base::wall_time now);
    /// Looks at what is due to be looked at.
    void look(base::wall_time now, std::vector<transition>& into);
    /// Looks at everything that a location has to do with, because its anchors say something else.
    void look_from(const std::string& location, base::wall_time now, std::vector<transition>& into);
    /// Looks at all targets of a check, because its windows have changed.
    void look_at(const std::string& check, base::wall_time now, std::vector<transition>& into);
    /// When to look again; none when there is nothing to look at.
    [[nodiscard]] std::optional<base::wall_time> next_look() const;

    /// What a node is to measure.
    [[nodiscard]] std::vector<assignment> assignments_for(const std::string& node) const;

    [[nodiscard]] anchors& cut_off() noexcept { return cut_off_; }

    [[nodiscard]] const anchors& cut_off() const noexcept { return cut_off_; }

    [[nodiscard]] std::map<std::string, live_check>& all() noexcept { return checks_; }

    [[nodiscard]] const std::map<std::string, live_check>& all() const noexcept { return checks_; }

    /// Or null.
    [[nodiscard]] live_target* find(const std::string& check, const std::string& target);

    [[nodiscard]] const std::vector<model::node_info>& nodes() const noexcept { return nodes_; }

    /// What holds around a target now.
    [[nodiscard]] watched_target::view around(const live_check& of, base::wall_time now) const;

  private:
    using names = std::vector<std::string>;

    [[nodiscard]] names locations_of(const model::check& of, const std::string& target) const;
    void place(live_check& of, base::wall_time now);
    [[nodiscard]] bool reachable(const model::check& of, const std::string* from) const;
    location_history* history_of(const model::sample& found);
    void look_at(live_check& of, live_target& target, base::wall_time now, std::vector<transition>& into);
    void follow(const live_check& of, std::size_t from, base::wall_time now, std::vector<transition>& into);
    void plan(const live_check& of, live_target& target, base::wall_time now);
    void settle(live_target& target, base::wall_time now);

    series_limits limits_;
    std::vector<model::node_info> nodes_;
    anchors cut_off_;
    std::map<std::string, live_check> checks_;
    due_heap looks_; ///< Times of the wall clock in the heap's type.
    std::vector<std::pair<std::string, std::string>> slots_;
    std::vector<due_heap::slot> free_slots_;
};

} // namespace ferrule::probes
