#include "app/remote_probes.hpp"

#include "app/check_messages.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace ferrule::app {

using base::json;

namespace {

error not_there(const std::string& agent) {
    return error("agent_offline", "the agent " + agent + " is not connected", true);
}

error silent(const std::string& agent) {
    return error("agent_silent", "the agent " + agent + " is connected but has not answered in time", true);
}

// Outcomes that one request waits for.
struct request {
    std::string agent;
    std::vector<bool> told;
    asio::any_io_executor on;
    probes::one_off_probes::done tell;
    std::unique_ptr<asio::steady_timer> limit;

    // For all that have not been told yet.
    void fail(const error& why) {
        asio::post(on, [told = std::move(told), tell = std::move(tell), why] {
            for (std::size_t i = 0; i < told.size(); ++i)
                if (!told[i])
                    tell(i, why);
        });
    }
};

} // namespace

struct remote_probes::open_requests : std::enable_shared_from_this<open_requests> {
    open_requests(fleet::agents_link& over, base::duration back_and_forth)
        : link(over)
        , way(back_and_forth) {}

    fleet::agents_link& link;
    const base::duration way;
    std::mutex mutex;
    std::map<std::string, request> by_id; ///< Under the mutex.

    void begin(const std::string& agent, const std::string& probe, const std::vector<std::string>& inputs,
               base::duration timeout, asio::any_io_executor on, probes::one_off_probes::done tell) {
        const auto id = base::make_id();
        request made;
        made.agent = agent;
        made.told.resize(inputs.size());
        made.tell = std::move(tell);
        made.limit = std::make_unique<asio::steady_timer>(on, timeout + way);
        made.limit->async_wait([weak = weak_from_this(), id, agent](const boost::system::error_code& cancelled) {
            if (const auto self = cancelled ? nullptr : weak.lock())
                self->give_up(id, silent(agent));
        });
        made.on = std::move(on);
        {
            const std::lock_guard lock(mutex);
            by_id.emplace(id, std::move(made));
        }
        auto body = messages::probe_request(id, probe, inputs, timeout);
        if (!link.has_feature(agent, messages::probes_feature) || !link.send(agent, messages::probe, std::move(body)))
            give_up(id, not_there(agent));
    }

    // Nothing to do when the last outcome came first.
    void give_up(const std::string& id, const error& why) {
        std::map<std::string, request>::node_type left;
        {
            const std::lock_guard lock(mutex);
            left = by_id.extract(id);
        }
        if (left)
            left.mapped().fail(why);
    }

    void lost(const std::string& agent) {
        std::vector<request> left;
        {
            const std::lock_guard lock(mutex);
            for (auto at = by_id.begin(); at != by_id.end();)
                if (at->second.agent == agent) {
                    left.push_back(std::move(at->second));
                    at = by_id.erase(at);
                } else {
                    ++at;
                }
        }
        for (auto& each : left)
            each.fail(not_there(agent));
    }

    void take(const std::string& agent, const json& body) {
        const auto said = messages::read_outcome(body);
        if (!said)
            return base::log::warn("probes", "what an agent says of a probe cannot be read",
                                   {{"agent", agent}, {"error", said.error().message()}});
        const std::lock_guard lock(mutex);
        const auto at = by_id.find(said->id);
        if (at == by_id.end() || at->second.agent != agent || said->index >= at->second.told.size() ||
            at->second.told[said->index])
            return;
        auto& of = at->second;
        of.told[said->index] = true;
        asio::post(of.on, [tell = of.tell, index = said->index, what = said->what] { tell(index, what); });
        if (std::all_of(of.told.begin(), of.told.end(), [](bool each) { return each; }))
            by_id.erase(at);
    }
};

remote_probes::remote_probes(fleet::agents_link& link, base::duration way)
    : open_(std::make_shared<open_requests>(link, way)) {
    link.on_disconnected([open = open_](const std::string& agent) { open->lost(agent); });
    link.on_message(messages::outcome,
                    [open = open_](const std::string& agent, const json& body) { open->take(agent, body); });
}

void remote_probes::begin(const std::string& agent, const std::string& probe, const std::vector<std::string>& inputs,
                          base::duration timeout, asio::any_io_executor on, probes::one_off_probes::done tell) {
    open_->begin(agent, probe, inputs, timeout, std::move(on), std::move(tell));
}

} // namespace ferrule::app
