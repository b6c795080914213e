#include "probes/blackbox/exporter.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "config/yaml/expand.hpp"
#include "probes/blackbox/series.hpp"
#include "probes/blackbox/target.hpp"
#include "probes/one_off.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ferrule::probes::blackbox {

using base::json;

namespace {

// Of a scrape that has no limit, and of any other at most: below what a request may take.
constexpr double longest_scrape = 120;
constexpr double way_back = 0.5;
constexpr base::duration shortest = std::chrono::milliseconds(1);
constexpr std::size_t longest_secret = 64 * 1024;
constexpr auto pace = std::chrono::minutes(1); // of warnings of one kind

// What blackbox_exporter counts as a probe that failed. Anything else says nothing about the target.
bool is_failed_probe(const error& what) {
    constexpr std::array codes{"deadline", "invalid_target", "no_permission", "tls_files", "unreadable_file"};
    return std::find(codes.begin(), codes.end(), what.code()) != codes.end();
}

// One of the probes that run now.
class running_probe {
  public:
    running_probe(std::atomic<std::uint32_t>& taken, std::uint32_t most, prometheus::Gauge& shown)
        : taken_(taken)
        , shown_(shown)
        , had_(taken.fetch_add(1) < most) {
        shown_.Increment(had_ ? 1 : 0);
    }

    running_probe(const running_probe&) = delete;
    running_probe& operator=(const running_probe&) = delete;

    ~running_probe() {
        taken_.fetch_sub(1);
        shown_.Decrement(had_ ? 1 : 0);
    }

    explicit operator bool() const noexcept { return had_; }

  private:
    std::atomic<std::uint32_t>& taken_;
    prometheus::Gauge& shown_;
    const bool had_;
};

std::string debug_text(const page_request& asked, const probe_module& how, const model::sample& found,
                       base::duration limit) {
    const auto& why = found.failed ? found.failed->message() : found.reason;
    auto text = "Probe of " + asked.target + " by the module " + asked.module + " (" + std::string(to_text(how.how)) +
                "), which had " + base::to_text(limit) + ": " + (found.success ? "up" : "down");
    if (!found.failed_phase.empty())
        text += ", in the phase " + found.failed_phase;
    text += why.empty() ? "\n" : "\n" + why + "\n";
    for (const auto& [name, value] : found.tags)
        text += name + ": " + value + "\n";
    text += "\n\nMetrics that would have been returned:\n" + series_text(how, found);
    text += "\n\nModule configuration, as settings of the probe " + std::string(to_text(how.how)) + ":\n";
    return text + shown_settings(how) + "\n";
}

result<void> set_hostname(const std::string& hostname, json& settings) {
    auto& headers = settings["headers"];
    if (headers.is_null())
        headers = json::object();
    for (const auto& [name, value] : headers.items())
        if (base::equals_ignoring_case(name, "host") && value.get<std::string>() != hostname)
            return error("invalid_parameter", "hostname: the module has the header Host already; leave one of them "
                                              "out");
    headers["Host"] = hostname;
    return ok();
}

// A name of the module's own goes before.
void set_server_name(const std::string& hostname, json& settings) {
    auto& tls = settings["tls_config"]; // which each module has
    if (!tls.contains("server_name"))
        tls["server_name"] = hostname;
}

} // namespace

base::duration time_for(const probe_module& of, std::optional<double> scrape_limit) {
    double seconds = std::min(scrape_limit.value_or(longest_scrape), longest_scrape);
    if (seconds > way_back)
        seconds -= way_back;
    const auto scrape = std::chrono::duration_cast<base::duration>(std::chrono::duration<double>(seconds));
    return std::max(shortest, std::min(scrape, of.timeout.value_or(scrape)));
}

exporter::exporter(const one_off_probes& probes, runtime::blocking_pool& pool, exporter_metrics& figures,
                   exporter_options how, const base::clock& time)
    : probes_(probes)
    , pool_(pool)
    , figures_(figures)
    , how_(std::move(how))
    , time_(time)
    , refusals_(pace)
    , local_failures_(pace)
    , modules_(std::make_shared<const module_set>(default_modules())) {}

result<void> exporter::load() {
    if (how_.modules.empty())
        return ok();
    const std::lock_guard alone(loading_); // what was read last is what counts
    auto read = read_module_file(how_.modules, how_.what);
    if (!read)
        return read.error();
    for (const auto& each : read->warnings)
        base::log::warn("probes", each);
    if (!how_.admins_only)
        for (const auto& each : read->with_credentials)
            base::log::warn("probes", each);
    for (const auto& [name, why] : read->left_out)
        base::log::warn("probes", "a module is left out", {{"module", name}, {"reason", why}});
    auto made = std::make_shared<const module_set>(std::move(*read));
    const std::lock_guard held(mutex_);
    modules_ = std::move(made);
    return ok();
}

asio::awaitable<result<void>> exporter::reload() {
    std::function<result<void>()> work = [this] { return load(); };
    auto done = runtime::offload<void>(pool_, std::move(work));
    auto outcome = co_await std::move(done);
    if (!outcome)
        base::log::warn("probes", "the module file is refused; the modules stay as they are",
                        {{"reason", outcome.error().message()}});
    co_return outcome;
}

std::shared_ptr<const module_set> exporter::modules() const {
    const std::lock_guard held(mutex_);
    return modules_;
}

result<probe_module> exporter::module_for(const page_request& asked) const {
    const auto all = modules();
    if (const auto at = all->known.find(asked.module); at != all->known.end())
        return at->second;
    const auto shown = "\"" + base::shortened(asked.module, 60) + "\"";
    if (const auto at = all->left_out.find(asked.module); at != all->left_out.end())
        return error("unknown_module",
                     "module: " + shown + " cannot be measured here; GET /api/v1/probes/modules says why");
    std::vector<std::string> names;
    for (const auto& [name, unused] : all->known)
        names.push_back(name);
    const auto near = base::nearest(asked.module, names);
    return error("unknown_module",
                 "module: there is no module " + shown +
                     (near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?"));
}

asio::awaitable<result<void>> exporter::read_files(probe_module& how) {
    auto settings = json::parse(how.settings, nullptr, false);
    for (const auto& each : how.files) {
        std::function<result<std::string>()> work = [&each] {
            return config::yaml::read_text_file(each.path, longest_secret);
        };
        auto reading = runtime::offload<std::string>(pool_, std::move(work));
        const auto text = co_await std::move(reading);
        if (!text)
            co_return text.error();
        settings[json::json_pointer(each.pointer)] = each.before + std::string(base::trim(*text));
    }
    how.settings = base::dump(settings);
    co_return ok();
}

error exporter::refusal() {
    figures_.refused.Increment();
    if (const auto times = refusals_.take(time_.steady_now()))
        base::log::warn("probes", "requests for /probe are refused, for exporter.max_running probes run; raise it",
                        {{"times", std::to_string(*times)}, {"max_running", std::to_string(how_.most_running)}});
    return error("overloaded", "as many probes as exporter.max_running allows run already; try again in a moment",
                 true);
}

// It looks as if the target were down, as with the original, so somebody is told that it is not.
void exporter::note_local(const model::sample& found) {
    figures_.local_failures.Increment();
    if (const auto times = local_failures_.take(time_.steady_now()))
        base::log::warn("probes", "this machine could not make a probe of /probe; that says nothing about its target",
                        {{"times", std::to_string(*times)}, {"reason", found.reason}});
}

asio::awaitable<model::sample> exporter::measure(const probe_module& how, const page_request& asked, json where,
                                                 base::duration limit) {
    model::sample failed;
    one_off_request wanted;
    wanted.probe = to_text(how.how);
    wanted.settings = how.settings;
    wanted.timeout = limit;
    model::check_target target;
    target.name = asked.target;
    json own = json::object();
    for (const auto& [key, value] : where.items()) {
        if (key == "host")
            target.host = value.get<std::string>();
        else if (key == "port")
            target.port = value.get<std::uint16_t>();
        else if (key == "url")
            target.url = value.get<std::string>();
        else
            own[key] = value;
    }
    if (how.how == prober::icmp) // its packets have a time of their own
        own["timeout"] = base::to_text(std::chrono::ceil<std::chrono::milliseconds>(limit));
    target.settings = own.empty() ? std::string() : base::dump(own);
    wanted.targets.push_back(std::move(target));

    auto measuring = probes_.measure_here(std::move(wanted));
    auto found = co_await std::move(measuring);
    if (!found) {
        failed.failed = found.error();
        co_return failed;
    }
    co_return std::move(*found);
}

asio::awaitable<result<std::string>> exporter::page(page_request asked) {
    if (asked.target.empty())
        co_return error("invalid_parameter", "target: is missing; say what is to be probed");
    auto how = module_for(asked);
    if (!how)
        co_return how.error();
    const auto began = time_.steady_now();
    const running_probe here(running_, how_.most_running, figures_.running);
    if (!here)
        co_return refusal();
    if (!asked.hostname.empty() && (how->how == prober::http || how->how == prober::tcp)) {
        auto settings = json::parse(how->settings, nullptr, false);
        if (how->how == prober::tcp)
            set_server_name(asked.hostname, settings);
        else if (const auto set = set_hostname(asked.hostname, settings); !set)
            co_return set.error();
        how->settings = base::dump(settings);
    }
    auto limit = time_for(*how, asked.scrape_limit);
    model::sample found;
    auto where = place_of(asked.target, *how);
    result<void> prepared = where ? ok() : result<void>(where.error());
    if (prepared && where->contains("basic_auth")) // the login of the URL, not that of a file
        how->files.clear();
    if (!how->files.empty()) {
        if (prepared) {
            auto reading = read_files(*how);
            prepared = co_await std::move(reading);
        }
        limit = std::max(limit - (time_.steady_now() - began), shortest);
    }
    if (prepared) {
        auto measuring = measure(*how, asked, std::move(*where), limit);
        found = co_await std::move(measuring);
    } else {
        found.failed = prepared.error();
    }
    if (found.failed && !is_failed_probe(*found.failed))
        co_return *found.failed;
    if (found.failed_phase == "local")
        note_local(found);
    if (asked.debug)
        co_return debug_text(asked, *how, found, limit);
    co_return series_text(*how, found);
}

} // namespace ferrule::probes::blackbox
