// SPDX-License-Identifier: Apache-2.0
// A host for one instance of a plugin under test: it offers the whole table and records every call.
#pragma once

#include <ferrule/testhost/loop.hpp>
#include <ferrule/testhost/record.hpp>
#include <ferrule/testhost/services.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::testhost {

/// Make it, script secrets and names, create an instance on it (driver.hpp, probe.hpp, …), run, then look at what was
/// recorded.
class host {
  public:
    explicit host(clock_mode mode = clock_mode::virtual_time)
        : loop_(mode)
        , services_(loop_) {
        fill();
    }

    host(const host&) = delete;
    host& operator=(const host&) = delete;

    /// The table to hand to a plugin. Members that the execution does not offer are NULL.
    [[nodiscard]] const frl_host* table(std::uint32_t execution = FRL_EXEC_ASYNC) {
        auto& made = tables_.at(execution);
        made = table_;
        if (execution != FRL_EXEC_ASYNC) {
            made.fd_watch = nullptr;
            made.fd_modify = nullptr;
            made.fd_unwatch = nullptr;
            made.timer_start = nullptr;
            made.timer_cancel = nullptr;
            made.resolve = nullptr;
            made.run_blocking = nullptr;
        }
        if (execution == FRL_EXEC_PURE) {
            made.op_emit = nullptr;
            made.op_complete = nullptr;
            made.op_cancelled = nullptr;
            made.secret_get = nullptr;
            made.post = nullptr;
        }
        return &made;
    }

    /// Pretends to be an older host: a table of `size` bytes, everything after it zero.
    void cut_table(std::uint32_t size) {
        frl_host cut{};
        std::memcpy(&cut, &table_, std::min<std::size_t>(size, sizeof(cut)));
        cut.struct_size = size;
        table_ = cut;
    }

    [[nodiscard]] testhost::loop& loop() noexcept { return loop_; }

    [[nodiscard]] testhost::services& services() noexcept { return services_; }

    // --- operations ---

    /// A fresh operation, to be passed to a function of the plugin.
    frl_op begin() {
        const std::lock_guard lock(mutex_);
        operations_[++last_op_] = {};
        return last_op_;
    }

    /// The same with its target or request, which stays where it is until the plugin completes it.
    frl_op begin(std::string request) {
        const auto op = begin();
        const std::lock_guard lock(mutex_);
        requests_[op] = std::make_unique<const std::string>(std::move(request));
        return op;
    }

    [[nodiscard]] frl_str request(frl_op op) const {
        const std::lock_guard lock(mutex_);
        return str(*requests_.at(op));
    }

    [[nodiscard]] outcome result(frl_op op) const {
        const std::lock_guard lock(mutex_);
        const auto found = operations_.find(op);
        return found == operations_.end() ? outcome{} : found->second;
    }

    /// Runs the loop until the operation completes, or nothing more can happen.
    outcome wait(frl_op op) {
        loop_.run_until([&] { return result(op).completed; });
        return result(op);
    }

    /// Marks the operation as one that the host wants to end; op_cancelled says 1 from now on.
    void mark_cancelled(frl_op op) {
        const std::lock_guard lock(mutex_);
        operations_[op].cancelled = true;
    }

    /// Output beyond this is dropped and op_emit answers FRL_LIMIT.
    void limit_output(std::size_t bytes) { output_limit_ = bytes; }

    // --- what was recorded ---

    [[nodiscard]] std::vector<log_line> logs() const {
        const std::lock_guard lock(mutex_);
        return logs_;
    }

    /// True when a line contains the text.
    [[nodiscard]] bool logged(std::string_view part) const {
        const std::lock_guard lock(mutex_);
        return std::any_of(logs_.begin(), logs_.end(),
                           [&](const log_line& l) { return l.message.find(part) != std::string::npos; });
    }

    [[nodiscard]] std::vector<metric_series> metrics() const {
        const std::lock_guard lock(mutex_);
        return metrics_;
    }

    /// Value of the first series of that name, 0 when there is none.
    [[nodiscard]] double metric(std::string_view name) const {
        const std::lock_guard lock(mutex_);
        const auto found =
            std::find_if(metrics_.begin(), metrics_.end(), [&](const auto& m) { return m.name == name; });
        return found == metrics_.end() ? 0 : found->value;
    }

    /// Completions of operations that had ended or never existed.
    [[nodiscard]] int stale_completions() const {
        const std::lock_guard lock(mutex_);
        return stale_completions_;
    }

    /// Names of the calls that came from another thread than the strand and were refused.
    [[nodiscard]] std::vector<std::string> wrong_thread_calls() const {
        const std::lock_guard lock(mutex_);
        return wrong_thread_;
    }

    /// While true, `post` answers FRL_STALE, as a host does that is destroying the instance.
    void refuse_posts(bool refuse) { refuse_posts_ = refuse; }

  private:
    static host& self(void* ctx) noexcept { return *static_cast<host*>(ctx); }

    bool wrong_thread(std::string_view call) {
        if (loop_.on_strand()) {
            return false;
        }
        const std::lock_guard lock(mutex_);
        wrong_thread_.emplace_back(call);
        return true;
    }

    static void on_log(void* ctx, std::int32_t level, frl_str message, const frl_kv* fields, std::uint32_t count) {
        log_line line{level, text(message), {}};
        for (std::uint32_t i = 0; i < count; ++i) {
            line.fields.emplace_back(text(fields[i].key), text(fields[i].value));
        }
        const std::lock_guard lock(self(ctx).mutex_);
        self(ctx).logs_.push_back(std::move(line));
    }

    static frl_metric on_metric(void* ctx, std::uint32_t kind, frl_str name, frl_str help, const frl_kv* labels,
                                std::uint32_t count) {
        metric_series made{kind, text(name), text(help), {}, 0, {}};
        for (std::uint32_t i = 0; i < count; ++i) {
            made.labels[text(labels[i].key)] = text(labels[i].value);
        }
        const std::lock_guard lock(self(ctx).mutex_);
        auto& all = self(ctx).metrics_;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].name == made.name && all[i].labels == made.labels) {
                return i + 1;
            }
        }
        all.push_back(std::move(made));
        return all.size();
    }

    static void on_metric_add(void* ctx, frl_metric metric, double value) {
        const std::lock_guard lock(self(ctx).mutex_);
        auto& all = self(ctx).metrics_;
        if (metric == 0 || metric > all.size()) {
            return;
        }
        auto& series = all[metric - 1];
        if (series.kind == FRL_METRIC_HISTOGRAM) {
            series.observed.push_back(value);
        }
        series.value = series.kind == FRL_METRIC_COUNTER ? series.value + value : value;
    }

    static frl_status on_post(void* ctx, frl_callback fn, void* arg) {
        if (self(ctx).refuse_posts_) {
            return FRL_STALE;
        }
        self(ctx).loop_.post([fn, arg] { fn(arg); });
        return FRL_OK;
    }

    static void on_error_set(void*, frl_error* error, frl_str code, frl_str message, std::int32_t retryable,
                             frl_str details) {
        *reinterpret_cast<reported_error*>(error) = {text(code), text(message), retryable != 0, text(details)};
    }

    static frl_status on_emit(void* ctx, frl_op op, frl_str bytes) {
        const std::lock_guard lock(self(ctx).mutex_);
        const auto found = self(ctx).operations_.find(op);
        if (found == self(ctx).operations_.end() || found->second.completed) {
            return FRL_STALE;
        }
        if (found->second.output.size() + bytes.len > self(ctx).output_limit_) {
            return FRL_LIMIT;
        }
        found->second.output += text(bytes);
        return FRL_OK;
    }

    static void on_complete(void* ctx, frl_op op, frl_status status, frl_str json) {
        const std::lock_guard lock(self(ctx).mutex_);
        const auto found = self(ctx).operations_.find(op);
        if (found == self(ctx).operations_.end()) {
            ++self(ctx).stale_completions_;
            return;
        }
        ++found->second.completions;
        if (found->second.completed) {
            ++self(ctx).stale_completions_;
            return;
        }
        found->second.completed = true;
        found->second.status = status;
        found->second.json = text(json);
        self(ctx).requests_.erase(op);
    }

    static std::int32_t on_cancelled(void* ctx, frl_op op) {
        const std::lock_guard lock(self(ctx).mutex_);
        const auto found = self(ctx).operations_.find(op);
        return found != self(ctx).operations_.end() && found->second.cancelled ? 1 : 0;
    }

    void fill() {
        table_.struct_size = sizeof(table_);
        table_.abi_minor = FRL_ABI_MINOR;
        table_.ctx = this;
        table_.get_service = [](void* ctx, frl_str id) { return self(ctx).services_.find(text(id)); };
        table_.log = &on_log;
        table_.metric = &on_metric;
        table_.metric_add = &on_metric_add;
        table_.now_ns = [](void* ctx) { return self(ctx).loop_.now(); };
        table_.post = &on_post;
        table_.error_set = &on_error_set;
        table_.op_emit = &on_emit;
        table_.op_complete = &on_complete;
        table_.op_cancelled = &on_cancelled;
        fill_loop();
    }

    void fill_loop() {
        table_.fd_watch = [](void* ctx, std::int32_t fd, std::uint32_t events, frl_fd_callback fn,
                             void* arg) -> frl_watch {
            return self(ctx).wrong_thread("fd_watch") ? 0 : self(ctx).loop_.watch(fd, events, fn, arg);
        };
        table_.fd_modify = [](void* ctx, frl_watch watch, std::uint32_t events) -> frl_status {
            return self(ctx).wrong_thread("fd_modify") ? FRL_WRONG_THREAD : self(ctx).loop_.modify(watch, events);
        };
        table_.fd_unwatch = [](void* ctx, frl_watch watch) -> frl_status {
            return self(ctx).wrong_thread("fd_unwatch") ? FRL_WRONG_THREAD : self(ctx).loop_.unwatch(watch);
        };
        table_.timer_start = [](void* ctx, std::uint64_t at, frl_callback fn, void* arg) -> frl_timer {
            return self(ctx).wrong_thread("timer_start") ? 0 : self(ctx).loop_.start_timer(at, fn, arg);
        };
        table_.timer_cancel = [](void* ctx, frl_timer timer) -> frl_status {
            return self(ctx).wrong_thread("timer_cancel") ? FRL_WRONG_THREAD : self(ctx).loop_.cancel_timer(timer);
        };
        table_.resolve = [](void* ctx, frl_str name, frl_resolve_callback fn, void* arg) -> frl_status {
            return self(ctx).wrong_thread("resolve") ? FRL_WRONG_THREAD
                                                     : self(ctx).services_.resolve(text(name), fn, arg);
        };
        table_.run_blocking = [](void* ctx, frl_work work, frl_callback done, void* arg) -> frl_status {
            if (self(ctx).wrong_thread("run_blocking")) {
                return FRL_WRONG_THREAD;
            }
            self(ctx).loop_.run_blocking([work, arg] { work(arg); }, [done, arg] { done(arg); });
            return FRL_OK;
        };
        table_.secret_get = [](void* ctx, frl_str reference, frl_secret_callback fn, void* arg) -> frl_status {
            return self(ctx).wrong_thread("secret_get") ? FRL_WRONG_THREAD
                                                        : self(ctx).services_.secret(text(reference), fn, arg);
        };
    }

    testhost::loop loop_;
    testhost::services services_;
    frl_host table_{};
    std::array<frl_host, 4> tables_{}; // by execution; what was handed out stays valid
    mutable std::mutex mutex_;
    std::map<frl_op, outcome> operations_;
    std::map<frl_op, std::unique_ptr<const std::string>> requests_; // of those that run
    frl_op last_op_ = 0;
    std::vector<log_line> logs_;
    std::vector<metric_series> metrics_;
    std::vector<std::string> wrong_thread_;
    std::size_t output_limit_ = SIZE_MAX;
    int stale_completions_ = 0;
    std::atomic<bool> refuse_posts_ = false;
};

} // namespace ferrule::testhost
