#include "probes/runner.hpp"

#include "probes/check_state.hpp"
#include "probes/judge.hpp"
#include "probes/phase.hpp"
#include "probes/sample_of.hpp"
#include "probes/schedule.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace ferrule::probes {

namespace {

using key = std::pair<std::string, std::string>; // check, target

// A location's own machine, for its tries alone: what flaps is tried again as well.
state_rules rules_of(const model::check& of) {
    return {of.max_attempts, {false, 100, 100}};
}

/// One assignment at work. Shared with the measurement that is under way, which may outlive it.
struct item {
    explicit item(assignment told)
        : what(std::move(told))
        , tries(rules_of(*what.definition)) {}

    assignment what;
    check_state tries;
    schedule::id slot = 0;
    bool running = false;
    bool gone = false;
};

using item_ptr = std::shared_ptr<item>;

/// One measurement under way.
struct run {
    item_ptr of;
    base::duration lag{};
};

/// What goes to one plugin with one time limit.
struct batch {
    std::vector<run> runs;
    base::steady_time began{};
    base::wall_time at{};
};

} // namespace

class runner::impl : public std::enable_shared_from_this<runner::impl> {
  public:
    impl(asio::any_io_executor strand, std::string node, probe_source probes, sample_sink take, runner_metrics& figures,
         runner_options limits, const base::clock& time)
        : strand_(std::move(strand))
        , node_(std::move(node))
        , source_(std::move(probes))
        , sink_(std::move(take))
        , figures_(figures)
        , limits_(limits)
        , time_(time)
        , schedule_(wall_origin(time.steady_now(), time.wall_now()))
        , timer_(strand_) {}

    [[nodiscard]] const asio::any_io_executor& strand() const { return strand_; }

    void rename(std::string node) { node_ = std::move(node); }

    void assign(std::vector<assignment> all);
    void run_now(const std::string& check, const std::string& target);
    void stop();

  private:
    void add(assignment told);
    void remove(item& old);
    void arm();
    void run_due();
    void begin(const std::string& probe, base::duration limit, std::vector<run> runs);
    void end(const batch& of, std::size_t index, const result<std::string>& outcome);
    void after(item& of, const model::sample& found, const batch& in);
    void emit(model::sample found);

    const asio::any_io_executor strand_;
    std::string node_;
    const probe_source source_;
    const sample_sink sink_;
    runner_metrics& figures_;
    const runner_options limits_;
    const base::clock& time_;

    schedule schedule_;
    asio::steady_timer timer_;
    std::optional<base::steady_time> armed_;
    std::map<key, item_ptr> items_;
    std::vector<item_ptr> by_slot_;
    std::map<std::string, std::shared_ptr<plugins::probe>> probes_;
    std::vector<due_run> due_;
    std::size_t running_ = 0;
    std::vector<model::sample> found_;
    bool stopped_ = false;
};

void runner::impl::assign(std::vector<assignment> all) {
    if (stopped_)
        return;
    std::set<key> wanted;
    for (auto& each : all) {
        key name(each.definition->name, each.target);
        const auto at = items_.find(name);
        if (at != items_.end() && at->second->what.revision == each.revision) {
            wanted.insert(std::move(name));
            continue;
        }
        if (at != items_.end())
            remove(*at->second);
        add(std::move(each));
        wanted.insert(std::move(name));
    }
    std::erase_if(items_, [&](const auto& each) {
        if (wanted.contains(each.first))
            return false;
        remove(*each.second);
        return true;
    });
    figures_.assigned.Set(static_cast<double>(items_.size()));
    arm();
}

void runner::impl::add(assignment told) {
    const auto& check = *told.definition;
    auto made = std::make_shared<item>(std::move(told));
    made->slot = schedule_.add(check.interval, phase_of(check.name, made->what.target, node_, check.interval),
                               time_.steady_now());
    if (by_slot_.size() <= made->slot)
        by_slot_.resize(made->slot + 1);
    by_slot_[made->slot] = made;
    items_[key(check.name, made->what.target)] = std::move(made);
}

void runner::impl::remove(item& old) {
    old.gone = true;
    schedule_.remove(old.slot);
    by_slot_[old.slot].reset();
}

void runner::impl::run_now(const std::string& check, const std::string& target) {
    const auto now = time_.steady_now();
    for (auto at = items_.lower_bound(key(check, target)); at != items_.end() && at->first.first == check; ++at) {
        if (!target.empty() && at->first.second != target)
            break;
        schedule_.retry(at->second->slot, now);
    }
    arm();
}

void runner::impl::stop() {
    if (!found_.empty())
        sink_(std::exchange(found_, {}));
    stopped_ = true;
    timer_.cancel();
    items_.clear();
    by_slot_.clear();
}

// One timer for all, set again only when the next time has changed.
void runner::impl::arm() {
    const auto next = schedule_.next();
    if (stopped_ || !next || running_ >= limits_.most_running) {
        timer_.cancel();
        armed_.reset();
        return;
    }
    if (armed_ == next)
        return;
    armed_ = next;
    timer_.expires_at(asio::steady_timer::time_point(*next));
    timer_.async_wait([self = shared_from_this(), when = *next](const boost::system::error_code& failed) {
        if (failed || self->stopped_ || self->armed_ != when)
            return;
        self->armed_.reset();
        self->run_due();
    });
}

void runner::impl::run_due() {
    due_.clear();
    schedule_.take(time_.steady_now(), std::min(limits_.batch, limits_.most_running - running_), due_);
    std::map<std::pair<std::string_view, base::duration>, std::vector<run>> batches;
    for (const auto& each : due_) {
        figures_.missed.Increment(static_cast<double>(each.missed));
        const auto& of = by_slot_[each.id];
        if (of->running) { // the one before takes so long that this one would stand in its way
            figures_.missed.Increment(each.retry ? 0 : 1);
            continue;
        }
        of->running = true;
        figures_.retries.Increment(each.retry ? 1 : 0);
        const auto& check = *of->what.definition;
        batches[{check.probe, model::time_limit(check)}].push_back({of, each.lag});
    }
    for (auto& [where, runs] : batches)
        begin(std::string(where.first), where.second, std::move(runs));
    arm();
}

void runner::impl::begin(const std::string& probe, base::duration limit, std::vector<run> runs) {
    auto mine = std::make_shared<batch>();
    mine->runs = std::move(runs);
    running_ += mine->runs.size();
    figures_.runs.Increment(static_cast<double>(mine->runs.size()));
    figures_.running.Set(static_cast<double>(running_));
    auto& known = probes_[probe];
    std::optional<error> missing;
    if (!known) {
        auto found = source_(probe);
        if (found)
            known = std::move(*found);
        else
            missing = found.error();
    }
    const auto since = time_.steady_now();
    mine->began = since;
    mine->at = time_.wall_now();
    std::vector<std::string> inputs;
    inputs.reserve(mine->runs.size());
    for (const auto& each : mine->runs) {
        inputs.push_back(each.of->what.input);
        figures_.lag_seconds.Observe(std::chrono::duration<double>(each.lag).count());
    }
    if (missing) {
        for (std::size_t i = 0; i < mine->runs.size(); ++i)
            end(*mine, i, *missing);
        return;
    }
    known->run_batch(std::move(inputs), since + limit, strand_,
                     [weak = weak_from_this(), mine](std::size_t index, const result<std::string>& outcome) {
                         if (const auto self = weak.lock())
                             self->end(*mine, index, outcome);
                     });
}

void runner::impl::end(const batch& of, std::size_t index, const result<std::string>& outcome) {
    const auto& one = of.runs[index];
    one.of->running = false;
    --running_;
    figures_.running.Set(static_cast<double>(running_));
    if (stopped_ || one.of->gone) {
        arm();
        return;
    }
    model::sample begun;
    begun.check = one.of->what.definition->name;
    begun.target = one.of->what.target;
    begun.node = node_;
    begun.at = of.at;
    begun.lag = one.lag;
    auto found = sample_of(std::move(begun), outcome);
    after(*one.of, found, of);
    emit(std::move(found));
    arm();
}

// Soft states are tried again soon, from the beginning of this try on.
void runner::impl::after(item& of, const model::sample& found, const batch& in) {
    const auto& check = *of.what.definition;
    (void)of.tries.take(judge(check, found), found.at, {});
    if (of.tries.is_soft())
        schedule_.retry(of.slot, std::max(in.began + model::retry_delay(check), time_.steady_now()));
    else
        schedule_.forget_retry(of.slot);
}

void runner::impl::emit(model::sample found) {
    const bool first = found_.empty();
    found_.push_back(std::move(found));
    if (!first)
        return;
    asio::post(strand_, [self = shared_from_this()] {
        auto all = std::exchange(self->found_, {});
        if (!all.empty() && !self->stopped_)
            self->sink_(std::move(all));
    });
}

runner::runner(asio::any_io_executor strand, std::string node, probe_source probes, sample_sink take,
               runner_metrics& figures, runner_options limits, const base::clock& time)
    : impl_(std::make_shared<impl>(std::move(strand), std::move(node), std::move(probes), std::move(take), figures,
                                   limits, time)) {}

runner::~runner() = default;

void runner::rename(std::string node) {
    asio::post(impl_->strand(), [held = impl_, node = std::move(node)]() mutable { held->rename(std::move(node)); });
}

void runner::assign(std::vector<assignment> all) {
    asio::post(impl_->strand(), [held = impl_, all = std::move(all)]() mutable { held->assign(std::move(all)); });
}

void runner::run_now(std::string check, std::string target) {
    asio::post(impl_->strand(),
               [held = impl_, check = std::move(check), target = std::move(target)] { held->run_now(check, target); });
}

asio::awaitable<void> runner::stop() {
    const auto held = impl_;
    auto start = [&held](auto handler) {
        const auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
        const auto on = asio::get_associated_executor(*waiting);
        asio::post(held->strand(), [held, waiting, on] {
            held->stop();
            asio::post(on, [waiting] { (*waiting)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
}

} // namespace ferrule::probes
