#include "model/check_rules.hpp"

#include "model/inventory_json.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace ferrule::model {

namespace {

using std::chrono::milliseconds;

std::string indexed(std::string_view list, std::size_t index, std::string_view field = {}) {
    auto path = std::string(list) + "[" + std::to_string(index) + "]";
    return field.empty() ? path : path + "." + std::string(field);
}

// Whether something stands before the host: a user, a password.
bool has_login(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return false;
    const auto rest = url.substr(scheme + 3);
    return rest.substr(0, rest.find_first_of("/?#")).find('@') != std::string_view::npos;
}

class rules {
  public:
    explicit rules(const check& of)
        : of_(of) {}

    std::vector<check_fault> run() {
        names();
        targets();
        times();
        numbers();
        thresholds();
        maintenance();
        return std::move(found_);
    }

  private:
    void complain(std::string path, std::string message) { found_.push_back({std::move(path), std::move(message)}); }

    void names() {
        constexpr std::string_view form = "must be 1 to 128 letters, digits, dots, dashes and underscores";
        if (!is_name(of_.name))
            complain("name", std::string(form));
        if (!is_name(of_.probe))
            complain("probe", "is not a plugin's name");
        if (!is_name(of_.latency))
            complain("latency", "is not a metric's name");
        for (std::size_t i = 0; i < of_.nodes.names.size(); ++i)
            if (!is_name(of_.nodes.names[i]))
                complain(indexed("nodes.names", i), "is not a node's name");
    }

    void targets() {
        if (of_.targets.empty())
            complain("targets", "give at least one target");
        std::map<std::string, std::size_t> seen;
        for (std::size_t i = 0; i < of_.targets.size(); ++i)
            target(i, of_.targets[i], seen);
    }

    void target(std::size_t i, const check_target& each, std::map<std::string, std::size_t>& seen) {
        const bool host = !each.host.empty();
        if (host == !each.url.empty())
            complain(indexed("targets", i), host ? "give host or url, not both" : "\"host\" is missing");
        if (host && !is_host(each.host))
            complain(indexed("targets", i, "host"), "is not a host name or address");
        if (!host && each.port)
            complain(indexed("targets", i, "port"), "belongs to a host; a url has its own");
        const bool plain = std::none_of(each.url.begin(), each.url.end(),
                                        [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
        if (!each.url.empty() && (each.url.find("://") == std::string::npos || !plain || each.url.size() > 2048))
            complain(indexed("targets", i, "url"), "is not a URL");
        if (has_login(each.url))
            complain(indexed("targets", i, "url"),
                     "has a user or a password, which would be shown; give them in the settings (\"basic_auth\")");
        const auto printable = [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; };
        if (each.name.size() > 253 || !std::all_of(each.name.begin(), each.name.end(), printable))
            complain(indexed("targets", i, "name"), "must be at most 253 printable characters");
        const auto [first, fresh] = seen.emplace(target_name(each), i);
        if (!fresh)
            complain(indexed("targets", i),
                     "is the same as targets[" + std::to_string(first->second) + "]; give it a name of its own");
    }

    void times() {
        if (of_.interval < shortest_interval || of_.interval > longest_interval)
            complain("interval", "must be between 100ms and 1d");
        else if (of_.interval % milliseconds(1) != base::duration::zero())
            complain("interval", "must be whole milliseconds");
        if (of_.timeout && (*of_.timeout < milliseconds(1) || *of_.timeout > of_.interval))
            complain("timeout", "must be between 1ms and the interval of " + base::to_text(of_.interval));
        if (of_.retry_interval && (*of_.retry_interval < milliseconds(1) || *of_.retry_interval > of_.interval))
            complain("retry_interval", "must be between 1ms and the interval of " + base::to_text(of_.interval));
        else if (of_.retry_interval && *of_.retry_interval % milliseconds(1) != base::duration::zero())
            complain("retry_interval", "must be whole milliseconds");
        if (of_.agreement.vote_lifetime &&
            (*of_.agreement.vote_lifetime < of_.interval || *of_.agreement.vote_lifetime > std::chrono::days(7)))
            complain("quorum.vote_lifetime",
                     "must be between the interval of " + base::to_text(of_.interval) + " and 7d");
    }

    void numbers() {
        if (of_.max_attempts < 1 || of_.max_attempts > most_attempts)
            complain("max_attempts", "must be between 1 and " + std::to_string(most_attempts));
        // The number of locations that there are at most, as far as the check itself tells.
        auto locations = of_.nodes.count.value_or(most_locations);
        if (!of_.nodes.names.empty())
            locations = std::min(locations, static_cast<std::uint32_t>(of_.nodes.names.size()));
        if (of_.nodes.count && (*of_.nodes.count < 1 || *of_.nodes.count > most_locations))
            complain("nodes.count", "must be between 1 and " + std::to_string(most_locations));
        const auto within = [&](const char* path, const std::optional<std::uint32_t>& value) {
            if (value && (*value < 1 || *value > locations))
                complain(path, "must be between 1 and the number of locations, " + std::to_string(locations));
        };
        within("quorum.agree", of_.agreement.agree);
        within("quorum.voters", of_.agreement.voters);
        const auto& flap = of_.flapping;
        if (!(flap.high > 0 && flap.high <= 100))
            complain("flapping.high", "must be more than 0 and at most 100");
        if (!(flap.low >= 0 && flap.low <= flap.high))
            complain("flapping.low", "must be at least 0 and at most flapping.high");
    }

    void thresholds() {
        for (const auto& [metric, limits] : of_.thresholds) {
            const auto path = "thresholds." + metric;
            if (!is_name(metric))
                complain(path, "is not a metric's name");
            if (!limits.warning && !limits.critical)
                complain(path, "give warning, critical or both");
            for (const auto* each : {&limits.warning, &limits.critical})
                if (*each && !std::isfinite(**each))
                    complain(path, "limits must be finite");
            if (!limits.warning || !limits.critical)
                continue;
            if (limits.below ? *limits.critical > *limits.warning : *limits.critical < *limits.warning)
                complain(path, limits.below ? "critical must not be above warning when small values are bad"
                                            : "critical must not be below warning; if small values are bad say so "
                                              "with \"below\": true");
        }
    }

    void maintenance() {
        for (std::size_t i = 0; i < of_.maintenance.size(); ++i) {
            const auto& when = of_.maintenance[i].when;
            if (const auto* fixed = std::get_if<fixed_window>(&when)) {
                if (fixed->until <= fixed->from)
                    complain(indexed("maintenance", i, "until"), "must be after from");
                continue;
            }
            const auto& weekly = std::get<weekly_window>(when);
            if (weekly.length < std::chrono::minutes(1) || weekly.length > std::chrono::days(7))
                complain(indexed("maintenance", i, "duration"), "must be between 1m and 7d");
            if (std::none_of(weekly.days.begin(), weekly.days.end(), [](bool day) { return day; }))
                complain(indexed("maintenance", i, "days"), "give at least one day");
        }
    }

    const check& of_;
    std::vector<check_fault> found_;
};

} // namespace

std::vector<check_fault> faults_of(const check& of) {
    return rules(of).run();
}

} // namespace ferrule::model
