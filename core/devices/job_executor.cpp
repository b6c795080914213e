#include "devices/job_executor.hpp"

#include "base/id.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "devices/job_end.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace ferrule::devices {

using base::json;

namespace {

constexpr base::duration closing_limit = std::chrono::seconds(10);

error result_lost() {
    return error("result_lost", "this change ran on the agent, but its result was dropped there before the controller "
                                "had it: look at the device before you repeat it, and give the agent a larger spool "
                                "(agent.spool)");
}

} // namespace

job_executor::job_executor(node_parts& parts, controller_sender& link,
                           std::function<std::vector<std::string>()> drivers, executor_limits limits)
    : parts_(parts)
    , link_(link)
    , drivers_(std::move(drivers))
    , limits_(limits)
    , instance_(base::make_id())
    , node_(parts)
    , greet_timer_(parts.loop.get_executor()) {
    // The controller has written it, or else it would not be here.
    parts_.write = [this](const model::job&, std::function<void(result<void>)> done) {
        asio::post(parts_.loop.get_executor(), [done = std::move(done)] { done(ok()); });
    };
    parts_.finish = [this](const entry_ptr& entry, model::job last) { finish(entry, std::move(last)); };
    parts_.platforms = [this](const std::string& name) -> result<std::shared_ptr<const std::string>> {
        const std::lock_guard lock(mutex_);
        const auto at = platforms_.find(name);
        if (at == platforms_.end())
            return error("platform_not_found", "the controller sent no description of the platform " + name);
        return at->second;
    };
    parts_.table.watch_sessions(
        [this](const entry_ptr& entry, const model::session_ref& chosen) { tell_session(entry, chosen); });
}

job_executor::~job_executor() = default;

void job_executor::start() {
    const auto strand = parts_.loop.make_strand();
    const state::event_bus::filter wanted = [](const state::event& happened) {
        return happened.topic == "job.output" || happened.topic == "job.result" || happened.topic == "session";
    };
    events_ = parts_.bus.subscribe(strand, wanted, std::nullopt, 8192);
    if (auto pass = forwarding_.enter())
        runtime::spawn(strand, "devices", forward(std::move(*pass)));
}

asio::awaitable<void> job_executor::stop(base::duration limit) {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        greet_timer_.cancel();
    }
    co_await node_.stop(limit);
    if (events_)
        events_->close();
    co_await forwarding_.drain(closing_limit); // it uses this object
}

void job_executor::connected() {
    {
        const std::lock_guard lock(mutex_);
        connected_ = true;
    }
    greet();
}

void job_executor::disconnected() {
    const std::lock_guard lock(mutex_);
    connected_ = false;
}

void job_executor::something_lost() {
    greet_later();
}

// Not at once: a link that is full drops more than one.
void job_executor::greet_later() {
    auto pass = forwarding_.enter();
    const std::lock_guard lock(mutex_);
    if (!pass || stopped_ || std::exchange(greets_later_, true))
        return;
    greet_timer_.expires_after(limits_.greet_pause);
    greet_timer_.async_wait([this, held = std::make_shared<runtime::gate::pass>(std::move(*pass))](
                                const boost::system::error_code& failed) {
        {
            const std::lock_guard inner(mutex_);
            greets_later_ = false;
            if (failed || stopped_ || !connected_)
                return;
        }
        greet();
    });
}

// The list and the marker behind the ends that were kept are made together: what is in neither was never received.
void job_executor::greet() {
    job_hello hello;
    const auto here = node_.info();
    hello.instance = instance_;
    hello.capacity = here.capacity;
    hello.fifo = parts_.limits.max_running_fifo;
    hello.drivers = drivers_();
    bool sent = true;
    {
        const std::lock_guard lock(mutex_);
        hello.sessions = node_.sessions();
        hello.seq = ++seq_;
        for (const auto& [name, each] : held_)
            hello.jobs.push_back({each.which, each.change});
        for (auto& each : to_texts(hello))
            sent = sent && link_.send(kind::hello, std::move(each));
        if (sent) {
            job_hello marker;
            marker.instance = instance_;
            marker.seq = hello.seq;
            link_.deliver(kind::caught_up, to_text(marker), [](const result<void>& kept) {
                if (!kept)
                    base::log::error("devices", "the controller cannot be told which jobs are here",
                                     {{"why", kept.error().message()}});
            });
        }
    }
    if (!sent) // the connection ends, or takes nothing at the moment
        greet_later();
}

void job_executor::run(const json& body) {
    auto order = run_order_from(body);
    if (order) {
        take(std::move(*order));
        return;
    }
    base::log::error("devices", "a job is refused", {{"why", order.error().message()}});
    if (const auto which = attempt_from(body))
        refuse(*which, model::job_state::failed, order.error());
}

void job_executor::take(run_order order) {
    auto first = std::make_shared<model::job>();
    first->id = name_here(order.which);
    first->device = order.at->device->name;
    first->request = std::move(order.request);
    first->created_at = parts_.clock.wall_now();
    const bool change = first->request.change;
    const auto entry = std::make_shared<job_entry>(std::move(first), order.at, order.timeout);
    bool ran = false;
    {
        // One look at both: its end may be told between two, and it would be among neither.
        const std::lock_guard lock(mutex_);
        if (stopped_)
            return; // as if it had never come: the next process does not name it
        ran = may_have_run(order);
        if (!ran && !held_.emplace(entry->id, held{order.which, change, entry}).second)
            return; // it came twice
        if (!ran && !order.platform.empty())
            if (auto& kept = platforms_[order.at->at().platform]; !kept || *kept != order.platform)
                kept = std::make_shared<const std::string>(std::move(order.platform));
    }
    if (ran) {
        refuse(order.which, model::job_state::unknown, result_lost());
        return;
    }
    // It has waited at the controller; here it waits at most for the end of what was given up.
    parts_.table.add(entry, base::steady_time::max());
    if (!node_.push(entry)) {
        parts_.table.withdraw(entry);
        return;
    }
    parts_.table.made_durable(entry);
    node_.wake(entry);
}

void job_executor::cancel(const json& body) {
    const auto which = attempt_from(body);
    const auto living = which ? parts_.table.find(name_here(*which)) : nullptr;
    if (!living || parts_.table.cancel(living) != job_table::cancel_outcome::claimed)
        return;
    end_unstarted(parts_, living, model::job_state::cancelled, error("cancelled", "it was cancelled while it waited"));
    node_.wake(living);
}

void job_executor::close_session(const json& body) {
    if (!body.is_object())
        return;
    base::object_reader reader(body);
    const auto id = reader.text_or("id", "");
    static_cast<void>(node_.close_session(id, reader.boolean_or("force", false)));
}

} // namespace ferrule::devices
