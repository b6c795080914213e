// SPDX-License-Identifier: Apache-2.0
// Kind "ferrule.store/1" in C++.
#pragma once

#include <ferrule/abi/store.h>
#include <ferrule/sdk/component.hpp>
#include <ferrule/sdk/plugin.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ferrule::sdk {

/// One record as it is written or read. Everything borrowed.
class record_view {
  public:
    explicit record_view(const frl_record* raw) noexcept
        : raw_(detail::copy_table(raw)) {}

    [[nodiscard]] std::string_view collection() const noexcept { return view(raw_.collection); }

    [[nodiscard]] std::string_view key() const noexcept { return view(raw_.key); }

    [[nodiscard]] std::string_view value() const noexcept { return view(raw_.value); }

    /// Unix milliseconds, 0 = never.
    [[nodiscard]] std::int64_t expires_at_ms() const noexcept { return raw_.expires_at_ms; }

    [[nodiscard]] bool is_delete() const noexcept { return (raw_.flags & FRL_RECORD_DELETE) != 0; }

    [[nodiscard]] bool is_insert() const noexcept { return (raw_.flags & FRL_RECORD_INSERT) != 0; }

    /// Values in the order in which the collection declares its attributes.
    [[nodiscard]] std::span<const frl_str> attributes() const noexcept {
        return {raw_.attributes, raw_.attribute_count};
    }

  private:
    frl_record raw_;
};

/// Where a store says which inserts of a batch it left out because their key exists.
class left_out {
  public:
    /// One byte for each record, owned by the caller.
    explicit left_out(std::uint8_t* marks) noexcept
        : marks_(marks) {}

    /// `record` is its place in the batch.
    void add(std::size_t record) noexcept {
        if (marks_ != nullptr) {
            marks_[record] = 1;
        }
    }

  private:
    std::uint8_t* marks_;
};

/// What a scan asks for. Everything borrowed.
class scan_view {
  public:
    explicit scan_view(const frl_scan* raw) noexcept
        : raw_(detail::copy_table(raw)) {}

    [[nodiscard]] std::string_view collection() const noexcept { return view(raw_.collection); }

    [[nodiscard]] std::string_view from() const noexcept { return view(raw_.from); }

    [[nodiscard]] std::string_view to() const noexcept { return view(raw_.to); }

    [[nodiscard]] bool reverse() const noexcept { return raw_.reverse != 0; }

    /// 0 = no limit.
    [[nodiscard]] std::uint32_t limit() const noexcept { return raw_.limit; }

    [[nodiscard]] std::span<const frl_kv> filters() const noexcept { return {raw_.filters, raw_.filter_count}; }

  private:
    frl_scan raw_;
};

/// Hands rows to the host.
class row_sink {
  public:
    row_sink(frl_row_callback fn, void* arg) noexcept
        : fn_(fn)
        , arg_(arg) {}

    /// False when the host wants no more.
    bool operator()(const frl_record& row) const { return fn_(arg_, &row) == 0; }

  private:
    frl_row_callback fn_;
    void* arg_;
};

/// A store of records; `configure` opens it, the destructor closes it after a last flush. put, try_put, flush and
/// maintain come from one thread at a time, but not always the same, get and scan from several at the same time, also
/// during put. Failures are thrown as `failure`.
class store : public component {
  public:
    static constexpr std::string_view kind = FRL_KIND_STORE;
    static constexpr std::uint32_t execution = FRL_EXEC_BLOCKING;

    /// Writes all records in one durable transaction, except inserts whose key exists: those go to `taken`.
    virtual void put(std::span<const record_view> records, left_out& taken) = 0;

    /// The same for a few small records, when it needs to wait for nothing; false otherwise, and nothing is written.
    /// Called where the host must not be held up; a store that does not override it is never asked.
    virtual bool try_put(std::span<const record_view>, left_out&) { return false; }

    /// Passes the record to the sink when there is one.
    virtual void get(std::string_view collection, std::string_view key, const row_sink& row) = 0;
    /// Passes rows in key order, from one consistent snapshot.
    virtual void scan(const scan_view& what, const row_sink& row) = 0;
    /// Forces what was accepted to stable storage.
    virtual void flush() = 0;
    /// Removes at most `limit` expired records and returns how many.
    virtual std::uint32_t maintain(std::int64_t now_ms, std::uint32_t limit) = 0;

    /// The C table for a derived class T.
    template <class T>
    static const frl_store_api& table() noexcept {
        static constexpr frl_store_api api = {
            sizeof(frl_store_api),
            0,
            &detail::lifecycle<T, store>::create,
            &detail::lifecycle<T, store>::destroy,
            &store::on_put,
            &store::on_get,
            &store::on_scan,
            &store::on_flush,
            &store::on_maintain,
            keeps_try_put<T> ? nullptr : &store::on_try_put,
        };
        return api;
    }

  private:
    template <class T, class Base>
    friend struct detail::lifecycle;

    /// Whether T leaves try_put as it is here. An override that is private cannot be named, which also tells.
    template <class T>
    static constexpr bool keeps_try_put = requires {
        requires std::is_same_v<decltype(&T::try_put), bool (store::*)(std::span<const record_view>, left_out&)>;
    };

    template <class Fn>
    static frl_status guarded(void* self, frl_error* error, Fn fn) noexcept {
        auto& s = *static_cast<store*>(self);
        try {
            fn(s);
            return FRL_OK;
        } catch (...) {
            return detail::lifecycle<store, store>::report(&s.host().table(), error);
        }
    }

    static std::vector<record_view> views_of(const frl_record* const* records, std::uint32_t count) {
        std::vector<record_view> views;
        views.reserve(count);
        for (const auto* raw : std::span(records, count)) {
            views.emplace_back(raw);
        }
        return views;
    }

    static frl_status on_put(void* self, const frl_record* const* records, std::uint32_t count, std::uint8_t* marks,
                             frl_error* error) noexcept {
        return guarded(self, error, [&](store& s) {
            left_out taken(marks);
            s.put(views_of(records, count), taken);
        });
    }

    static frl_status on_try_put(void* self, const frl_record* const* records, std::uint32_t count, std::uint8_t* marks,
                                 frl_error* error) noexcept {
        bool written = false;
        const auto status = guarded(self, error, [&](store& s) {
            left_out taken(marks);
            written = s.try_put(views_of(records, count), taken);
        });
        return status == FRL_OK && !written ? FRL_WOULD_WAIT : status;
    }

    static frl_status on_get(void* self, frl_str collection, frl_str key, frl_row_callback fn, void* arg,
                             frl_error* error) noexcept {
        return guarded(self, error, [&](store& s) { s.get(view(collection), view(key), row_sink(fn, arg)); });
    }

    static frl_status on_scan(void* self, const frl_scan* what, frl_row_callback fn, void* arg,
                              frl_error* error) noexcept {
        return guarded(self, error, [&](store& s) { s.scan(scan_view(what), row_sink(fn, arg)); });
    }

    static frl_status on_flush(void* self, frl_error* error) noexcept {
        return guarded(self, error, [&](store& s) { s.flush(); });
    }

    static frl_status on_maintain(void* self, std::int64_t now_ms, std::uint32_t limit, std::uint32_t* removed,
                                  frl_error* error) noexcept {
        return guarded(self, error, [&](store& s) {
            const auto count = s.maintain(now_ms, limit);
            if (removed != nullptr) {
                *removed = count;
            }
        });
    }
};

} // namespace ferrule::sdk
