#include "app/agent_checks.hpp"

#include "base/json.hpp"
#include "base/log.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace ferrule::app {

using base::json;

namespace {

constexpr auto collection_name = "agent_checks";
constexpr auto gathering = std::chrono::milliseconds(200); // results of so long share one delivery and one write
constexpr std::size_t most_gathered = 1'000;
constexpr base::duration stop_limit = std::chrono::seconds(10);

std::string part_key(std::size_t index) {
    char text[32];
    std::snprintf(text, sizeof(text), "part-%06zu", index);
    return text;
}

} // namespace

std::vector<store::collection> agent_checks::collections() {
    return {store::collection(collection_name, {})};
}

agent_checks::agent_checks(asio::any_io_executor strand, std::function<std::string()> name, plugins::registry& plugins,
                           store::store& records, fleet::controller_link& link, prometheus::Registry& figures,
                           probes::runner_options limits)
    : strand_(strand)
    , plugins_(plugins)
    , records_(records)
    , link_(link)
    , metrics_(figures)
    , timer_(strand)
    , runner_(
          strand, name(), [this](const std::string& probe) { return plugins_.probe(probe); },
          [this](std::vector<model::sample> found) { measured(std::move(found)); }, metrics_, limits) {
    link.offer(messages::checks_feature);
    link.offer(messages::probes_feature);
    link.on_connected([this, name = std::move(name)](const std::string&) { // it may have joined a moment ago
        runner_.rename(name());
    });
    link.on_message(messages::assign, [this](const std::string&, const json& body) {
        asio::post(strand_, [this, body] { take_part(body); });
    });
    link.on_message(messages::run, [this](const std::string&, const json& body) {
        base::object_reader in(body);
        runner_.run_now(in.text_or("check", ""), in.text_or("target", ""));
    });
    link.on_message(messages::probe, [this](const std::string&, const json& body) { probe(body); });
}

asio::awaitable<result<void>> agent_checks::start() {
    store::query all;
    all.collection = collection_name;
    auto rows = co_await records_.scan(std::move(all));
    if (!rows)
        co_return rows.error();
    std::vector<std::string> bodies;
    for (auto& each : *rows)
        bodies.push_back(std::move(each.value));
    asio::post(strand_, [this, bodies = std::move(bodies)] {
        kept_parts_ = bodies.size();
        apply(bodies);
    });
    co_return ok();
}

asio::awaitable<void> agent_checks::stop() {
    co_await runner_.stop();
    if (auto pass = writes_.enter())
        asio::post(strand_, [this, pass = std::make_shared<runtime::gate::pass>(std::move(*pass))] {
            timer_.cancel();
            deliver();
        });
    co_await writes_.drain(stop_limit);
}

json agent_checks::figures() const {
    const auto whole = [](double counted) { return static_cast<std::uint64_t>(counted); };
    return {{"assigned", whole(metrics_.assigned.Value())},
            {"ticks_missed", whole(metrics_.missed.Value())},
            {"results_lost", lost_.load()}};
}

// On the strand from here on.

void agent_checks::take_part(const json& body) {
    const auto whole = collector_.take(body);
    if (!whole) {
        base::log::warn("checks", "what the controller assigns cannot be read", {{"error", whole.error().message()}});
        return;
    }
    link_.send(messages::assigned, messages::confirmation_of(body));
    if (whole->empty())
        return;
    keep(*whole);
    apply(*whole);
}

// A restart without it would wait for the controller; that is all, so nobody waits for the disk.
void agent_checks::keep(const std::vector<std::string>& bodies) {
    std::vector<store::record> all;
    for (std::size_t i = 0; i < std::max(bodies.size(), kept_parts_); ++i) {
        store::record one(collection_name, part_key(i), i < bodies.size() ? bodies[i] : std::string());
        one.remove = i >= bodies.size();
        all.push_back(std::move(one));
    }
    kept_parts_ = bodies.size();
    auto pass = writes_.enter();
    if (!pass)
        return;
    records_.write(std::move(all),
                   [held = std::make_shared<runtime::gate::pass>(std::move(*pass))](const result<void>& written) {
                       if (!written)
                           base::log::warn("checks", "assignments are not kept for the next start",
                                           {{"error", written.error().message()}});
                   });
}

void agent_checks::apply(const std::vector<std::string>& bodies) {
    std::vector<error> refused;
    auto all = messages::read_assignments(bodies, refused);
    for (const auto& each : refused)
        base::log::warn("checks", "a check that this agent does not understand is left out",
                        {{"error", each.message()}});
    if (!all) {
        base::log::warn("checks", "assignments cannot be read; those before stay", {{"error", all.error().message()}});
        return;
    }
    base::log::info("checks", "assigned", {{"targets", std::to_string(all->size())}});
    runner_.assign(std::move(*all));
}

void agent_checks::measured(std::vector<model::sample> found) {
    std::move(found.begin(), found.end(), std::back_inserter(waiting_));
    if (waiting_.size() >= most_gathered)
        return deliver();
    if (std::exchange(timing_, true))
        return;
    timer_.expires_after(gathering);
    timer_.async_wait([this](const boost::system::error_code& failed) {
        if (failed)
            return;
        timing_ = false;
        deliver();
    });
}

void agent_checks::deliver() {
    if (waiting_.empty())
        return;
    const auto count = waiting_.size();
    for (auto& body : messages::sample_bodies(std::exchange(waiting_, {}))) {
        auto pass = writes_.enter();
        const auto held = pass ? std::make_shared<runtime::gate::pass>(std::move(*pass)) : nullptr;
        link_.deliver(messages::samples, std::move(body), [this, held, count](const result<void>& kept) {
            if (kept)
                return;
            lost_ += count;
            if (const auto times = losses_.take(base::system_clock().steady_now()))
                base::log::error("checks", "results cannot be kept for the controller, and are lost",
                                 {{"error", kept.error().message()},
                                  {"times", std::to_string(*times)},
                                  {"results_lost", std::to_string(lost_)}});
        });
    }
}

void agent_checks::probe(const json& body) {
    auto wanted = messages::read_probe_request(body);
    if (!wanted)
        return base::log::warn("checks", "a request for probes cannot be read", {{"error", wanted.error().message()}});
    const auto id = wanted->id;
    const auto tell = [this, id](std::size_t index, const result<std::string>& what) {
        link_.send(messages::outcome, messages::outcome_text(id, index, what));
    };
    const auto how = plugins_.probe(wanted->probe);
    if (!how) {
        for (std::size_t i = 0; i < wanted->inputs.size(); ++i)
            tell(i, how.error());
        return;
    }
    // The plugin's name is looked up anew each time; what runs keeps it.
    (*how)->run_batch(std::move(wanted->inputs), base::system_clock().steady_now() + wanted->timeout, strand_,
                      [tell, kept = *how](std::size_t index, const result<std::string>& what) { tell(index, what); });
}

} // namespace ferrule::app
