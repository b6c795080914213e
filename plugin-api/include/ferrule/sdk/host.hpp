// SPDX-License-Identifier: Apache-2.0
// The host as C++ sees it: logging, metrics, time, and a table that is safe to read on an older host.
#pragma once

#include <ferrule/abi/host.h>
#include <ferrule/sdk/error.hpp>
#include <ferrule/sdk/text.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::sdk {

enum class level : std::int32_t {
    trace = FRL_LOG_TRACE,
    debug = FRL_LOG_DEBUG,
    info = FRL_LOG_INFO,
    warn = FRL_LOG_WARN,
    error = FRL_LOG_ERROR
};

/// One key and value of a log line.
class field {
  public:
    field(std::string_view key, std::string_view value)
        : key_(key)
        , value_(value) {}

    field(std::string_view key, const char* value)
        : key_(key)
        , value_(value) {}

    field(std::string_view key, const std::string& value)
        : key_(key)
        , value_(value) {}

    field(std::string_view key, std::same_as<bool> auto value)
        : key_(key)
        , value_(value ? "true" : "false") {}

    template <class T>

    requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>) field(std::string_view key, T value)
        : key_(key)
        , value_(std::to_string(value)) {}

    [[nodiscard]] frl_kv raw() const noexcept { return {str(key_), str(value_)}; }

  private:
    std::string_view key_;
    std::string value_;
};

namespace detail {

/// Copies a table from the other side: the smaller of both sizes, the rest zero, so that members of a newer ABI read as
/// NULL on an older host.
template <class Table>
Table copy_table(const Table* table) noexcept {
    Table copy{};
    if (table != nullptr) {
        std::memcpy(&copy, table, std::min<std::size_t>(table->struct_size, sizeof(Table)));
    }
    return copy;
}

inline std::vector<frl_kv> raw_fields(std::initializer_list<field> fields) {
    std::vector<frl_kv> raw;
    raw.reserve(fields.size());
    for (const auto& f : fields) {
        raw.push_back(f.raw());
    }
    return raw;
}

} // namespace detail

/// A metric series. Cheap to copy; adding to a default-constructed one does nothing. [any thread]
class metric {
  public:
    metric() = default;

    metric(const frl_host& table, frl_metric handle)
        : add_(table.metric_add)
        , ctx_(table.ctx)
        , handle_(handle) {}

    /// Adds to a counter, sets a gauge, observes seconds into a histogram.
    void add(double value = 1) const noexcept {
        if (add_ != nullptr && handle_ != 0) {
            add_(ctx_, handle_, value);
        }
    }

  private:
    void (*add_)(void*, frl_metric, double) = nullptr;
    void* ctx_ = nullptr;
    frl_metric handle_ = 0;
};

/// The host of one instance. Logging, metrics and time may be used from any thread; the rest where host.h says.
class host {
  public:
    host() = default;

    explicit host(const frl_host* table)
        : table_(detail::copy_table(table)) {}

    /// The raw table; members may be NULL.
    [[nodiscard]] const frl_host& table() const noexcept { return table_; }

    [[nodiscard]] void* ctx() const noexcept { return table_.ctx; }

    /// Checks that the host offers a call; throws `failure` with the code host_too_old and the name of what is missing.
    template <class Function>
    Function require(Function function, std::string_view name) const {
        if (function == nullptr) {
            throw failure(error("host_too_old",
                                "The plugin needs the host call '" + std::string(name) +
                                    "', which this Ferrule (plugin ABI 1." + std::to_string(table_.abi_minor) +
                                    ") does not offer to it; upgrade Ferrule or use an older build of the plugin."));
        }
        return function;
    }

    /// An optional service as a copied table; struct_size is 0 when the host does not have it.
    template <class Service>
    [[nodiscard]] Service service(std::string_view id) const noexcept {
        if (table_.get_service == nullptr) {
            return Service{};
        }
        return detail::copy_table(static_cast<const Service*>(table_.get_service(table_.ctx, str(id))));
    }

    void log(level severity, std::string_view message, std::initializer_list<field> fields = {}) const {
        if (table_.log != nullptr) {
            const auto raw = detail::raw_fields(fields);
            table_.log(table_.ctx, static_cast<std::int32_t>(severity), str(message), raw.data(),
                       static_cast<std::uint32_t>(raw.size()));
        }
    }

    void debug(std::string_view message, std::initializer_list<field> fields = {}) const {
        log(level::debug, message, fields);
    }

    void info(std::string_view message, std::initializer_list<field> fields = {}) const {
        log(level::info, message, fields);
    }

    void warn(std::string_view message, std::initializer_list<field> fields = {}) const {
        log(level::warn, message, fields);
    }

    void fail(std::string_view message, std::initializer_list<field> fields = {}) const {
        log(level::error, message, fields);
    }

    [[nodiscard]] metric counter(std::string_view name, std::string_view help,
                                 std::initializer_list<field> labels = {}) const {
        return series(FRL_METRIC_COUNTER, name, help, labels);
    }

    [[nodiscard]] metric gauge(std::string_view name, std::string_view help,
                               std::initializer_list<field> labels = {}) const {
        return series(FRL_METRIC_GAUGE, name, help, labels);
    }

    [[nodiscard]] metric histogram(std::string_view name, std::string_view help,
                                   std::initializer_list<field> labels = {}) const {
        return series(FRL_METRIC_HISTOGRAM, name, help, labels);
    }

    [[nodiscard]] time_ns now() const { return require(table_.now_ns, "now_ns")(table_.ctx); }

    /// The time that lies `span` ahead; a span that does not fit is `never`.
    [[nodiscard]] time_ns after(std::chrono::nanoseconds span) const {
        const auto start = now();
        const auto ahead = span.count() < 0 ? 0u : static_cast<time_ns>(span.count());
        return ahead > never - start ? never : start + ahead;
    }

    /// Runs `fn(arg)` on the instance's strand, never inside this call. False once the instance is being destroyed.
    /// [any thread]
    bool post(frl_callback fn, void* arg) const { return require(table_.post, "post")(table_.ctx, fn, arg) == FRL_OK; }

    /// Describes a failure to the host in the error that it handed in.
    void set(frl_error* target, const error& what) const noexcept {
        if (table_.error_set != nullptr && target != nullptr) {
            table_.error_set(table_.ctx, target, str(what.code()), str(what.message()), what.retryable() ? 1 : 0,
                             str(what.details()));
        }
    }

  private:
    metric series(std::uint32_t kind, std::string_view name, std::string_view help,
                  std::initializer_list<field> labels) const {
        if (table_.metric == nullptr) {
            return {};
        }
        const auto raw = detail::raw_fields(labels);
        return {table_, table_.metric(table_.ctx, kind, str(name), str(help), raw.data(),
                                      static_cast<std::uint32_t>(raw.size()))};
    }

    frl_host table_{};
};

} // namespace ferrule::sdk
