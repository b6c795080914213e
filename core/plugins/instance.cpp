#include "plugins/instance.hpp"

#include "base/log.hpp"
#include "plugins/error_slot.hpp"
#include "plugins/guarded.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>
#include <vector>

namespace ferrule::plugins {

namespace {

// Every instance that was ever made: see the class. Never destroyed.
struct graveyard {
    std::mutex mutex;
    std::vector<std::shared_ptr<instance>> all;
};

graveyard& graves() {
    static auto* const all = new graveyard;
    return *all;
}

} // namespace

const char* name_of(op_kind which) noexcept {
    switch (which) {
    case op_kind::open:
        return "open";
    case op_kind::exec:
        return "exec";
    case op_kind::keepalive:
        return "keepalive";
    case op_kind::close:
        return "close";
    case op_kind::probe:
        return "start";
    }
    return "unknown";
}

std::shared_ptr<instance> instance::make(std::shared_ptr<environment> around, std::shared_ptr<const plugins::build> of,
                                         const component& what) {
    std::shared_ptr<instance> made(new instance(std::move(around), std::move(of), what));
    made->timers_.emplace(made->strand_, [raw = made.get()](timer_queue::callback fn, void* arg, std::uint64_t op) {
        raw->on_timer(fn, arg, op);
    });
    made->descriptors_.emplace(made->strand_,
                               [raw = made.get()](net::poll_group::callback fn, void* arg, std::uint32_t events) {
                                   raw->guarded("a descriptor's callback", [fn, arg, events] { fn(arg, events); });
                               });
    made->around_->guard.watch(made->meter_);
    auto& keep = graves();
    const std::lock_guard lock(keep.mutex);
    keep.all.push_back(made);
    return made;
}

instance::instance(std::shared_ptr<environment> around, std::shared_ptr<const plugins::build> of, const component& what)
    : around_(std::move(around))
    , build_(std::move(of))
    , component_(what)
    , label_(std::string(plugins::name_of(what.which)) + "." + what.name)
    , strand_(around_->loop.make_strand())
    , faults_(what.name, around_->metrics)
    , share_(std::make_shared<blocking_share>(around_->pool, around_->settings.blocking_threads,
                                              around_->settings.blocking_queue)) {
    meter_ = std::make_shared<call_meter>(
        around_->settings.callback_limit, around_->settings.cancel_grace,
        [this](const char* function, base::duration took, bool ended) { on_long_call(function, took, ended); });
    fill_host();
}

result<void> instance::call_create(const std::string& config) {
    error_slot slot;
    frl_status status = FRL_FAILED;
    const frl_str text{config.data(), config.size()};
    const bool returned = guarded("create", [&] {
        status = std::visit([&](const auto& api) { return api.create(&host_, text, &raw_, slot); }, component_.api);
    });
    const auto refused = [this](const error& why) {
        return error("plugin_init_failed",
                     std::string(plugins::name_of(component_.which)) + " '" + component_.name + "' (" +
                         build_->file.string() + ") could not be created: " + why.message(),
                     why.retryable(), why.details());
    };
    if (!returned)
        return refused(error("plugin_failed", "it threw an exception"));
    if (status != FRL_OK)
        return refused(slot.take(component_.name, "create", status));
    created_ = true;
    return ok();
}

void instance::call_destroy() noexcept {
    if (!std::exchange(created_, false))
        return;
    guarded("destroy", [this] { std::visit([this](const auto& api) { api.destroy(raw_); }, component_.api); });
}

result<void> instance::create_here(const std::string& config) {
    return call_create(config);
}

void instance::destroy_here() {
    closed_ = true;
    destroying_ = true;
    call_destroy();
    drop();
}

asio::awaitable<result<void>> instance::create(std::string config) {
    if (!asynchronous()) {
        std::function<result<void>()> work = [this, &config] { return call_create(config); };
        auto made = co_await runtime::offload<void>(around_->pool, std::move(work));
        co_return made;
    }
    const auto on = co_await asio::this_coro::executor;
    std::optional<result<void>> made;
    auto there = [this, &made, &config, &on](auto handler) {
        asio::post(strand_, [this, &made, &config, on, then = std::move(handler)]() mutable {
            made.emplace(call_create(config));
            asio::post(on, std::move(then));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(there, asio::use_awaitable);
    co_return *made;
}

void instance::on_end(std::function<void()> call) {
    {
        const std::lock_guard lock(end_mutex_);
        if (!ended_.load()) {
            on_end_ = std::move(call);
            return;
        }
    }
    call();
}

void instance::add_session(frl_session session, std::function<void(error)> on_lost) {
    use();
    const std::lock_guard lock(sessions_mutex_);
    sessions_.emplace(session, std::move(on_lost));
}

void instance::remove_session(frl_session session) {
    {
        const std::lock_guard lock(sessions_mutex_);
        if (sessions_.erase(session) == 0)
            return;
    }
    unuse();
}

void instance::unuse() {
    if (--uses_ == 0 && retired_.load())
        try_end();
}

void instance::retire() {
    if (!retired_.exchange(true) && uses_.load() == 0)
        try_end();
}

void instance::try_end() {
    asio::post(strand_, [self = shared_from_this()] {
        if (self->uses_.load() != 0 || self->ending_.exchange(true))
            return;
        for (const auto& each : self->queries_)
            self->around_->names.cancel(each.second);
        for (const auto& each : self->exchanges_)
            self->around_->http.cancel(each.second);
        self->advance_end();
    });
}

void instance::unpend() {
    --pending_;
    if (ending_.load())
        advance_end();
}

// Once nothing is owed to the plugin any more it is destroyed, behind whatever it has posted until now. What another
// thread of it posts at the very end is not run any more.
void instance::advance_end() {
    if (pending_.load() != 0 || closed_.exchange(true))
        return;
    asio::post(strand_, [self = shared_from_this()] {
        self->destroying_ = true;
        const auto end = [self] { self->end_now(); };
        if (self->asynchronous() || !self->share_->submit(end))
            end();
    });
}

void instance::end_now() {
    call_destroy();
    asio::post(strand_, [self = shared_from_this()] {
        self->timers_.reset();
        self->descriptors_.reset();
        self->ended_ = true;
        base::log::debug("plugins", "an instance has ended",
                         {{"plugin", self->label_}, {"version", self->build_->note.version}});
        std::function<void()> tell;
        {
            const std::lock_guard lock(self->end_mutex_);
            tell = std::exchange(self->on_end_, nullptr);
        }
        if (tell)
            tell();
    });
}

void instance::shut() {
    closed_ = true;
    ended_ = true;
    for (const auto op : operations_.all())
        operations_.abandon(op, error("cancelled", "the process is stopping"));
    const std::lock_guard lock(end_mutex_);
    on_end_ = nullptr;
}

void instance::leave() {
    shut();
    // The plugin may hold the strand just now.
    asio::post(strand_, [self = shared_from_this()] {
        self->timers_.reset();
        self->descriptors_.reset();
    });
}

void instance::drop() {
    shut();
    timers_.reset();
    descriptors_.reset();
}

void instance::note_exception(const char* function, const char* what) noexcept {
    faults_.note(fault::exception, std::string("let an exception out of ") + function + ": " + what);
}

void instance::on_long_call(const char* function, base::duration took, bool ended) {
    if (ended) {
        faults_.note(fault::held_strand, "held its strand for " + base::to_text(took) + " in " + function +
                                             "; nothing else of it could run");
        return;
    }
    base::log::warn("plugins", "the plugin '" + component_.name + "' holds its strand",
                    {{"plugin", component_.name}, {"function", function}, {"so far", base::to_text(took)}});
    if (took <= around_->settings.callback_limit + around_->settings.cancel_grace)
        return;
    healthy_ = false;
    for (const auto op : operations_.all())
        abandon(op);
}

} // namespace ferrule::plugins
