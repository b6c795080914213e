#include "app/job_runner.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::app {

using base::json;

namespace {

std::vector<std::string> drivers_of(plugins::registry& all) {
    std::vector<std::string> names;
    for (const auto& file : all.list()) {
        if (file.state == plugins::plugin_state::failed)
            continue;
        for (const auto& each : file.note.components)
            if (plugins::kind_from_id(each.kind_id) == plugins::kind::driver)
                names.push_back(each.name);
    }
    return names;
}

// An end waits in the spool, beside those of others and the results of checks, and must not push them out.
devices::executor_limits limits_for(const config::agent_settings& from) {
    devices::executor_limits made;
    made.longest_end = std::min<std::size_t>(made.longest_end, from.spool / 4);
    return made;
}

} // namespace

// What has ended is the controller's to remember.
job_runner::job_runner(const config::settings& wanted, runtime::io& loop, plugins::registry& all,
                       devices::secret_book& secrets, state::metrics& figures, fleet::controller_link& link)
    : bus_({.history = 0})
    , table_(bus_, figures, 0)
    , parts_{wanted.agent.name, loop, all, base::system_clock(), wanted.jobs, table_, secrets, bus_, figures, {}}
    , sender_(link)
    , executor_(
          parts_, sender_, [&all] { return drivers_of(all); }, limits_for(wanted.agent)) {
    using devices::kind::cancel;
    using devices::kind::close;
    using devices::kind::run;
    link.offer(std::string(devices::jobs_feature));
    link.on_message(std::string(run), [this](const std::string&, const json& body) { executor_.run(body); });
    link.on_message(std::string(cancel), [this](const std::string&, const json& body) { executor_.cancel(body); });
    link.on_message(std::string(close),
                    [this](const std::string&, const json& body) { executor_.close_session(body); });
    link.on_connected([this, &link](const std::string&) {
        if (link.has_feature(devices::jobs_feature))
            executor_.connected();
    });
    link.on_disconnected([this] { executor_.disconnected(); });
    link.on_lost([this] { executor_.something_lost(); });
    executor_.start();
}

boost::asio::awaitable<void> job_runner::stop(base::duration grace) {
    co_await executor_.stop(grace);
    bus_.close();
}

} // namespace ferrule::app
