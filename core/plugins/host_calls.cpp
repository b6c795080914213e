#include "plugins/host_calls.hpp"

#include "base/secret.hpp"
#include "plugins/guarded.hpp"
#include "plugins/host_services.hpp"
#include "plugins/instance.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <vector>

namespace ferrule::plugins {

namespace {

frl_address to_abi(const asio::ip::address& from) noexcept {
    frl_address out{};
    const auto copy = [&out](const auto& bytes) { std::copy(bytes.begin(), bytes.end(), std::begin(out.bytes)); };
    out.family = from.is_v4() ? 4 : 6;
    if (from.is_v4())
        copy(from.to_v4().to_bytes());
    else
        copy(from.to_v6().to_bytes());
    return out;
}

/// The ABI knows addresses without their interface.
result<net::addresses> without_interface(result<net::addresses> found, const std::string& name) {
    if (found && std::any_of(found->begin(), found->end(),
                             [](const auto& each) { return each.is_v6() && each.to_v6().scope_id() != 0; }))
        return error("invalid_host_name", "'" + name + "' is an address on one link, which plugins cannot be given");
    return found;
}

std::vector<frl_address> to_abi(const net::addresses& from) {
    std::vector<frl_address> out;
    out.reserve(from.size());
    for (const auto& each : from)
        out.push_back(to_abi(each));
    return out;
}

} // namespace

/// The host table's functions; a friend of instance. Each is noexcept: what it cannot do it says by its status.
struct host_calls {
    static instance& of(void* ctx) noexcept { return *static_cast<instance*>(ctx); }

    /// Whether a call that is bound to the strand may go on; otherwise it is held against the plugin.
    static frl_status check_strand(instance& self, const char* call) {
        if (self.closed_.load())
            return FRL_STALE;
        // A BLOCKING component is called on the pool, so it has no strand to be on.
        if (!self.asynchronous() || self.on_strand())
            return FRL_OK;
        self.faults_.note(fault::wrong_thread,
                          std::string("called ") + call + " from a thread that is not its strand; that was refused");
        return FRL_WRONG_THREAD;
    }

    static const void* get_service(void* ctx, frl_str id) noexcept {
        auto& self = of(ctx);
        if (view_of(id) == FRL_SERVICE_HTTP && self.asynchronous())
            return &self.http_;
        if (view_of(id) == FRL_SERVICE_SESSIONS && self.component_.which == kind::driver)
            return &self.sessions_service_;
        return nullptr;
    }

    static void log(void* ctx, std::int32_t level, frl_str message, const frl_kv* fields,
                    std::uint32_t count) noexcept {
        log_for_plugin(of(ctx).label_, level, message, fields, count);
    }

    static frl_metric metric(void* ctx, std::uint32_t kind, frl_str name, frl_str help, const frl_kv* tags,
                             std::uint32_t count) noexcept {
        auto& self = of(ctx);
        return metric_for_plugin(self.around_->metrics, self.component_.name, kind, name, help, tags, count);
    }

    static void metric_add(void* ctx, frl_metric metric, double value) noexcept {
        of(ctx).around_->metrics.add(metric, value);
    }

    static frl_status post(void* ctx, frl_callback fn, void* arg) noexcept {
        auto& self = of(ctx);
        if (fn == nullptr)
            return FRL_INVALID;
        if (self.closed_.load())
            return FRL_STALE;
        asio::post(self.strand_, [&self, fn, arg] {
            if (!self.destroying_.load())
                self.guarded("a posted function", [fn, arg] { fn(arg); });
        });
        return FRL_OK;
    }

    static frl_status op_emit(void* ctx, frl_op op, frl_str bytes) noexcept {
        return of(ctx).operations_.emit(op, view_of(bytes));
    }

    static void op_complete(void* ctx, frl_op op, frl_status status, frl_str json) noexcept {
        of(ctx).complete_from_plugin(op, status, view_of(json));
    }

    static std::int32_t op_cancelled(void* ctx, frl_op op) noexcept { return of(ctx).operations_.unwanted(op) ? 1 : 0; }

    static frl_watch fd_watch(void* ctx, std::int32_t fd, std::uint32_t events, frl_fd_callback fn,
                              void* arg) noexcept {
        auto& self = of(ctx);
        if (check_strand(self, "fd_watch") != FRL_OK || !self.descriptors_)
            return 0;
        return self.descriptors_->watch(fd, events, fn, arg);
    }

    static frl_status fd_modify(void* ctx, frl_watch watch, std::uint32_t events) noexcept {
        auto& self = of(ctx);
        if (const auto bad = check_strand(self, "fd_modify"); bad != FRL_OK)
            return bad;
        return self.descriptors_ && self.descriptors_->modify(watch, events) ? FRL_OK : FRL_STALE;
    }

    static frl_status fd_unwatch(void* ctx, frl_watch watch) noexcept {
        auto& self = of(ctx);
        if (self.closed_.load() && self.on_strand()) // inside destroy, where plugins clear away
            return self.descriptors_ && self.descriptors_->unwatch(watch) ? FRL_OK : FRL_STALE;
        if (const auto bad = check_strand(self, "fd_unwatch"); bad != FRL_OK)
            return bad;
        return self.descriptors_ && self.descriptors_->unwatch(watch) ? FRL_OK : FRL_STALE;
    }

    static frl_timer timer_start(void* ctx, std::uint64_t at_ns, frl_callback fn, void* arg) noexcept {
        auto& self = of(ctx);
        if (fn == nullptr || check_strand(self, "timer_start") != FRL_OK || !self.timers_)
            return 0;
        const auto most = static_cast<std::uint64_t>(base::steady_time::max().time_since_epoch().count());
        const base::steady_time at(base::duration(static_cast<std::int64_t>(std::min(at_ns, most))));
        return self.timers_->start(at, fn, arg);
    }

    static frl_status timer_cancel(void* ctx, frl_timer timer) noexcept {
        auto& self = of(ctx);
        if (self.closed_.load() && self.on_strand())
            return self.timers_ && self.timers_->cancel(timer) ? FRL_OK : FRL_STALE;
        if (const auto bad = check_strand(self, "timer_cancel"); bad != FRL_OK)
            return bad;
        return self.timers_ && self.timers_->cancel(timer) ? FRL_OK : FRL_STALE;
    }

    static frl_status resolve(void* ctx, frl_str name, frl_resolve_callback fn, void* arg) noexcept {
        auto& self = of(ctx);
        if (fn == nullptr)
            return FRL_INVALID;
        if (const auto bad = check_strand(self, "resolve"); bad != FRL_OK)
            return bad;
        if (self.ending_.load())
            return FRL_STALE;
        const auto number = ++self.last_number_;
        self.pend();
        auto answer = [&self, number, fn, arg, asked = std::string(view_of(name))](result<net::addresses> raw) {
            self.queries_.erase(number);
            const auto got = without_interface(std::move(raw), asked);
            const auto found = got ? to_abi(*got) : std::vector<frl_address>{};
            const auto why = got ? std::string() : got.error().message();
            const frl_status status = got ? FRL_OK : got.error().code() == "cancelled" ? FRL_CANCELLED : FRL_FAILED;
            self.guarded("a resolver's callback", [&] {
                fn(arg, status, found.data(), static_cast<std::uint32_t>(found.size()), {why.data(), why.size()});
            });
            self.unpend();
        };
        self.queries_[number] = self.around_->names.start(std::string(view_of(name)), self.strand_, std::move(answer));
        return FRL_OK;
    }

    static frl_status run_blocking(void* ctx, frl_work work, frl_callback done, void* arg) noexcept {
        auto& self = of(ctx);
        if (work == nullptr || done == nullptr)
            return FRL_INVALID;
        if (const auto bad = check_strand(self, "run_blocking"); bad != FRL_OK)
            return bad;
        if (self.ending_.load())
            return FRL_STALE;
        self.pend();
        const bool queued = self.share_->submit([&self, work, done, arg] {
            try {
                work(arg);
            } catch (const std::exception& what) {
                self.note_exception("blocking work", what.what());
            } catch (...) {
                self.note_exception("blocking work", "of unknown type");
            }
            asio::post(self.strand_, [&self, done, arg] {
                self.guarded("the end of blocking work", [done, arg] { done(arg); });
                self.unpend();
            });
        });
        if (queued)
            return FRL_OK;
        self.unpend();
        return FRL_LIMIT;
    }

    static frl_status secret_get(void* ctx, frl_str reference, frl_secret_callback fn, void* arg) noexcept {
        auto& self = of(ctx);
        if (fn == nullptr)
            return FRL_INVALID;
        if (const auto bad = check_strand(self, "secret_get"); bad != FRL_OK)
            return bad;
        if (self.ending_.load())
            return FRL_STALE;
        self.pend();
        auto hand_out = [&self, fn, arg](result<base::secret> got) {
            asio::post(self.strand_, [&self, fn, arg, got = std::move(got)] {
                const auto text = got ? got->reveal() : std::string_view{};
                self.guarded("a secret's callback", [&] {
                    fn(arg, got ? FRL_OK : FRL_INVALID, {text.data(), text.size()});
                });
                self.unpend();
            });
        };
        if (self.around_->secrets == nullptr)
            hand_out(error("unknown_secret", "there is no source of secrets"));
        else
            self.around_->secrets->fetch(self.component_.name, std::string(view_of(reference)), std::move(hand_out));
        return FRL_OK;
    }
};

void instance::fill_host() {
    host_.struct_size = sizeof(frl_host);
    host_.abi_minor = FRL_ABI_MINOR;
    host_.ctx = this;
    host_.log = &host_calls::log;
    host_.metric = &host_calls::metric;
    host_.metric_add = &host_calls::metric_add;
    host_.now_ns = &monotonic_ns;
    host_.error_set = &set_error;
    if (component_.execution == FRL_EXEC_PURE)
        return;
    host_.get_service = &host_calls::get_service;
    host_.post = &host_calls::post;
    host_.op_emit = &host_calls::op_emit;
    host_.op_complete = &host_calls::op_complete;
    host_.op_cancelled = &host_calls::op_cancelled;
    host_.run_blocking = &host_calls::run_blocking;
    host_.secret_get = &host_calls::secret_get;
    fill_services(*this);
    if (!asynchronous())
        return;
    host_.fd_watch = &host_calls::fd_watch;
    host_.fd_modify = &host_calls::fd_modify;
    host_.fd_unwatch = &host_calls::fd_unwatch;
    host_.timer_start = &host_calls::timer_start;
    host_.timer_cancel = &host_calls::timer_cancel;
    host_.resolve = &host_calls::resolve;
}

} // namespace ferrule::plugins
