#include "probes/one_off.hpp"

#include "base/json.hpp"
#include "model/check_json.hpp"
#include "model/check_rules.hpp"
#include "probes/node_choice.hpp"
#include "probes/sample_of.hpp"
#include "runtime/event.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::probes {

using base::json;

namespace {

constexpr std::size_t most_measurements = 100'000; // of one request

// Settings are merged and checked as those of a check.
model::check shape_of(const one_off_request& wanted) {
    model::check shape;
    shape.probe = wanted.probe;
    shape.targets = wanted.targets;
    shape.settings = wanted.settings;
    return shape;
}

// What goes to one node, the same in each round.
struct share {
    std::string node;
    std::vector<std::string> targets;
    std::vector<std::string> inputs;
};

} // namespace

struct one_off_run::work : std::enable_shared_from_this<one_off_run::work> {
    work(asio::any_io_executor executor, const base::clock& clock)
        : on(std::move(executor))
        , time(clock)
        , ready(on)
        , tick(on) {}

    asio::any_io_executor on;
    const base::clock& time;
    one_off_request wanted;
    std::vector<share> shares;
    std::vector<one_off_place> places;
    std::function<void(const share& to, std::uint32_t round)> measure;

    std::vector<one_off_sample> found;
    std::size_t outstanding = 0;
    bool begun_all = false;
    bool closed = false;
    runtime::event ready;
    asio::steady_timer tick;

    [[nodiscard]] bool over() const noexcept { return closed || (begun_all && outstanding == 0); }

    void take(const share& from, std::size_t index, std::uint32_t round, base::wall_time at,
              const result<std::string>& outcome) {
        --outstanding;
        if (closed)
            return;
        model::sample begun;
        begun.target = from.targets[index];
        begun.node = from.node;
        begun.at = at;
        one_off_sample one;
        one.found = sample_of(std::move(begun), outcome);
        one.round = round;
        found.push_back(std::move(one));
        ready.set();
    }

    // Rounds at a fixed pace, whatever those before take.
    static asio::awaitable<void> go(std::shared_ptr<work> self) {
        const auto start = self->time.steady_now();
        for (std::uint32_t round = 0; round < self->wanted.count && !self->closed; ++round) {
            if (round != 0) {
                boost::system::error_code ignored;
                self->tick.expires_at(asio::steady_timer::time_point(start + round * self->wanted.interval));
                co_await self->tick.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            }
            if (self->closed)
                break;
            for (const auto& each : self->shares) {
                self->outstanding += each.inputs.size();
                self->measure(each, round);
            }
        }
        self->begun_all = true;
        self->ready.set();
    }
};

one_off_run::one_off_run(std::shared_ptr<work> inner)
    : inner_(std::move(inner)) {}

one_off_run::~one_off_run() {
    inner_->closed = true;
    inner_->tick.cancel();
}

const std::vector<one_off_place>& one_off_run::places() const noexcept {
    return inner_->places;
}

bool one_off_run::ended() const noexcept {
    return inner_->over() && inner_->found.empty();
}

asio::awaitable<std::vector<one_off_sample>> one_off_run::next(base::steady_time deadline) {
    const auto inner = inner_;
    while (inner->found.empty() && !inner->over()) {
        inner->ready.reset();
        const bool came = co_await inner->ready.wait_until(deadline);
        if (!came)
            break;
    }
    co_return std::exchange(inner->found, {});
}

one_off_probes::one_off_probes(std::string local, probe_source probes, settings_schema schemas,
                               std::function<std::vector<model::node_info>()> nodes, std::size_t most_places,
                               const base::clock& time)
    : local_(std::move(local))
    , probes_(std::move(probes))
    , schemas_(std::move(schemas))
    , nodes_(std::move(nodes))
    , most_places_(most_places)
    , time_(time) {}

result<std::vector<std::string>> one_off_probes::nodes_for(const one_off_request& wanted) const {
    if (!wanted.from)
        return std::vector<std::string>{local_};
    const auto all = nodes_();
    std::vector<std::string> names;
    for (const auto i : choose_nodes(*wanted.from, wanted.probe, {}, all))
        names.push_back(all[i].name);
    if (names.empty())
        return error(
            "no_node",
            "no node has these names and labels; `ferrule node list` and GET /api/v1/nodes show those that there are");
    return names;
}

result<void> one_off_probes::check(const one_off_request& wanted) const {
    if (const auto probe = probes_(wanted.probe); !probe)
        return probe.error();
    const auto shape = shape_of(wanted);
    if (const auto faults = probe_faults(shape, schemas_); !faults.empty())
        return to_error(faults);
    const auto nodes = nodes_for(wanted);
    if (!nodes)
        return nodes.error();
    const auto places = nodes->size() * wanted.targets.size();
    if (places > most_places_ || places * wanted.count > most_measurements)
        return error("invalid_request", "too much at once: " + std::to_string(places) + " places (targets by nodes), " +
                                            std::to_string(wanted.count) + " times; allowed are " +
                                            std::to_string(most_places_) + " places and " +
                                            std::to_string(most_measurements) + " measurements");
    return ok();
}

result<std::unique_ptr<one_off_run>> one_off_probes::begin(one_off_request wanted, asio::any_io_executor on) const {
    if (const auto possible = check(wanted); !possible)
        return possible.error();
    auto probe = probes_(wanted.probe);
    const auto nodes = nodes_for(wanted);
    if (!probe || !nodes)
        return probe ? nodes.error() : probe.error();
    const auto shape = shape_of(wanted);
    auto made = std::make_shared<one_off_run::work>(on, time_);
    for (const auto& node : *nodes) {
        share one;
        one.node = node;
        for (const auto& each : shape.targets) {
            one.targets.push_back(model::target_name(each));
            one.inputs.push_back(model::probe_input(shape, each));
            made->places.push_back({one.targets.back(), node});
        }
        made->shares.push_back(std::move(one));
    }
    made->wanted = std::move(wanted);
    made->measure = [work = made.get(), probe = *probe, local = local_, through = through_](const share& to,
                                                                                            std::uint32_t round) {
        const auto at = work->time.wall_now();
        done tell = [held = work->shared_from_this(), &to, round, at](std::size_t index, result<std::string> outcome) {
            held->take(to, index, round, at, outcome);
        };
        const auto timeout = work->wanted.timeout;
        if (to.node == local) {
            probe->run_batch(to.inputs, work->time.steady_now() + timeout, work->on, std::move(tell));
        } else if (through) {
            through(to.node, work->wanted.probe, to.inputs, timeout, work->on, std::move(tell));
        } else {
            const error away("node_away", "the node " + to.node + " cannot be asked from here", true);
            for (std::size_t i = 0; i < to.inputs.size(); ++i)
                tell(i, away);
        }
    };
    runtime::spawn(on, "probes", one_off_run::work::go(made));
    return std::unique_ptr<one_off_run>(new one_off_run(std::move(made)));
}

asio::awaitable<result<model::sample>> one_off_probes::measure_here(one_off_request wanted) const {
    const auto probe = probes_(wanted.probe);
    if (!probe)
        co_return probe.error();
    const auto shape = shape_of(wanted);
    const auto& target = shape.targets.front();
    model::sample begun;
    begun.target = model::target_name(target);
    begun.node = local_;
    begun.at = time_.wall_now();
    auto running = (*probe)->run(model::probe_input(shape, target), time_.steady_now() + wanted.timeout);
    const auto outcome = co_await std::move(running);
    co_return sample_of(std::move(begun), outcome);
}

} // namespace ferrule::probes
