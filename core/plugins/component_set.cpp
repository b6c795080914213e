#include "plugins/component_set.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace ferrule::plugins {

namespace {

// A plugin that could not be brought in is not tried again at once for each of many callers.
constexpr base::duration retry_after = std::chrono::seconds(1);
// latest() is for very frequent calls and looks at the disk only so often.
constexpr base::duration look_after = std::chrono::milliseconds(5);

base::steady_time now() noexcept {
    return base::steady_time(std::chrono::steady_clock::now().time_since_epoch());
}

error stopped(const std::string& name) {
    return error("shutting_down", "the plugin '" + name + "' takes no new work: the process is stopping", true);
}

} // namespace

component_set::component_set(std::shared_ptr<environment> around, catalog& files, loader& brings, kind which,
                             std::string name)
    : around_(std::move(around))
    , files_(files)
    , brings_(brings)
    , which_(which)
    , name_(std::move(name)) {}

std::optional<result<instance_use>> component_set::fitting() {
    const auto found = files_.find(which_, name_);
    const std::lock_guard lock(mutex_);
    if (stopped_)
        return result<instance_use>(stopped(name_));
    if (!found)
        return result<instance_use>(found.error());
    const bool same = found->file == tried_file_ && found->stamp == tried_ && settled_;
    if (current_ && current_->healthy() && (same || found->broken)) {
        current_->use();
        return result<instance_use>(instance_use(current_));
    }
    if (same && failure_ && now() < retry_at_ && !(current_ && current_->healthy()))
        return result<instance_use>(*failure_);
    return std::nullopt;
}

asio::awaitable<result<instance_use>> component_set::current(std::shared_ptr<component_set> self) {
    const auto on = co_await asio::this_coro::executor;
    // A renewal that was under way before this call may have looked at the file before it changed; only one that starts
    // later counts, and that is the second one at the latest.
    bool later = false;
    for (int round = 0; round < 2 && !later; ++round) {
        if (auto ready = self->fitting())
            co_return std::move(*ready);
        later = round != 0;
        auto wait = [&self, &on, &later](auto handler) {
            bool first = false;
            {
                const std::lock_guard lock(self->mutex_);
                first = !std::exchange(self->renewing_, true);
                later = later || first;
                self->waiting_.emplace_back(
                    [on, then = std::move(handler)]() mutable { asio::post(on, std::move(then)); });
            }
            // The caller may have been resumed elsewhere unless the renewal is started only now.
            if (first)
                runtime::spawn(self->around_->loop.get_executor(), "plugins", renew(self));
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(wait, asio::use_awaitable);
    }
    const std::lock_guard lock(self->mutex_);
    if (self->stopped_)
        co_return stopped(self->name_);
    if (self->current_ && self->current_->healthy()) {
        self->current_->use();
        co_return instance_use(self->current_);
    }
    if (self->failure_)
        co_return *self->failure_;
    co_return error("plugin_failed", "the plugin '" + self->name_ + "' could not be brought in", true);
}

instance_use component_set::latest() {
    const auto time = now();
    std::shared_ptr<instance> held;
    {
        const std::lock_guard lock(mutex_);
        if (!current_ || stopped_)
            return {};
        current_->use();
        held = current_;
        if (time - looked_at_ < look_after)
            return instance_use(std::move(held));
        looked_at_ = time;
    }
    instance_use out(std::move(held));
    if (!fitting()) {
        bool first = false;
        {
            const std::lock_guard lock(mutex_);
            first = !std::exchange(renewing_, true);
        }
        // Without the lock: on a thread of the loop the renewal begins at once, and takes it.
        if (first)
            runtime::spawn(around_->loop.get_executor(), "plugins", renew(shared_from_this()));
    }
    return out;
}

asio::awaitable<void> component_set::renew(std::shared_ptr<component_set> self) {
    // Whatever happens, those who wait are told.
    result<void> brought = ok();
    try {
        auto bringing = bring(self);
        brought = co_await std::move(bringing);
    } catch (const std::exception& what) {
        brought = error("plugin_failed", "bringing in the plugin '" + self->name_ + "' failed: " + what.what(), true);
    }
    std::vector<resumption> waiting;
    {
        const std::lock_guard lock(self->mutex_);
        self->failure_.reset();
        if (!brought) {
            self->failure_ = brought.error();
            self->retry_at_ = now() + retry_after;
        }
        self->renewing_ = false;
        waiting.swap(self->waiting_);
    }
    if (!brought && self->latest_is_healthy())
        base::log::warn("plugins", "a changed plugin cannot be used; the build loaded before stays in use",
                        {{"plugin", self->name_}, {"why", brought.error().message()}});
    for (auto& each : waiting)
        each();
}

asio::awaitable<result<void>> component_set::bring(std::shared_ptr<component_set> self) {
    const auto found = self->files_.find(self->which_, self->name_);
    if (!found)
        co_return found.error();
    {
        const std::lock_guard lock(self->mutex_);
        self->tried_file_ = found->file;
        self->tried_ = found->stamp;
        self->settled_ = found->stamp.settled();
    }
    std::function<result<loaded_file>()> load = [&self, &found] { return self->brings_.load(found->file); };
    auto loaded = co_await runtime::offload<loaded_file>(self->around_->pool, std::move(load));
    if (!loaded)
        co_return loaded.error();
    {
        const std::lock_guard lock(self->mutex_);
        self->tried_ = loaded->stamp;
        self->settled_ = loaded->settled;
        // The same contents under a new date.
        if (self->current_ && self->current_->healthy() && &self->current_->build() == loaded->build.get())
            co_return ok();
    }
    const auto* what = loaded->build->find(self->which_, self->name_);
    if (what == nullptr)
        co_return error("plugin_broken", found->file.string() + ": it has no " + std::string(name_of(self->which_)) +
                                             " '" + self->name_ + "' any more");
    const auto made = instance::make(self->around_, loaded->build, *what);
    const auto& config = self->around_->settings.config;
    auto settings = config ? base::dump(config(self->which_, self->name_)) : std::string("{}");
    auto created = co_await made->create(std::move(settings));
    if (!created) {
        made->retire();
        co_return created.error();
    }
    std::shared_ptr<instance> old;
    bool too_late = false;
    {
        const std::lock_guard lock(self->mutex_);
        too_late = self->stopped_;
        std::erase_if(self->older_, [](const auto& each) { return each->ended(); });
        old = too_late ? made : std::exchange(self->current_, made);
        if (old)
            self->older_.push_back(old);
    }
    if (old)
        old->retire();
    co_return ok();
}

std::vector<std::shared_ptr<instance>> component_set::instances() {
    const std::lock_guard lock(mutex_);
    std::erase_if(older_, [](const auto& each) { return each->ended(); });
    auto out = older_;
    if (current_)
        out.push_back(current_);
    return out;
}

void component_set::stop() {
    std::shared_ptr<instance> old;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        old = std::exchange(current_, nullptr);
        if (old)
            older_.push_back(old);
    }
    if (old)
        old->retire();
}

bool component_set::latest_is_healthy() {
    const std::lock_guard lock(mutex_);
    return current_ && current_->healthy();
}

std::string component_set::problem() {
    const std::lock_guard lock(mutex_);
    return failure_ ? failure_->message() : std::string();
}

} // namespace ferrule::plugins
