// A backend that a test holds back and makes fail, to see how calls are grouped.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "store/backend.hpp"

namespace ferrule::tests {

/// Keeps records in memory and notes the keys of each batch. While `hold` is on, put_batch waits, and so does try_put.
/// Throws when it is called from two threads at a time where it must not be.
class scripted_backend final : public store::backend {
  public:
    /// With `tries`, single calls may be written on the loop.
    explicit scripted_backend(bool tries = false)
        : tries_(tries) {}

    result<void> put_batch(std::span<const store::record> records, std::span<std::uint8_t> left_out) override {
        std::unique_lock lock(mutex_);
        return put(records, left_out, batches_, lock);
    }

    [[nodiscard]] bool tries() const noexcept override { return tries_; }

    std::optional<result<void>> try_put(std::span<const store::record> records,
                                        std::span<std::uint8_t> left_out) override {
        if (during_try)
            during_try();
        std::unique_lock lock(mutex_);
        if (would_wait_)
            return std::nullopt;
        return put(records, left_out, at_once_, lock);
    }

    /// Called by try_put first of all.
    std::function<void()> during_try;

    /// try_put does nothing.
    void let_wait() {
        const std::lock_guard lock(mutex_);
        would_wait_ = true;
    }

    /// Notes from now on.
    void forget() {
        const std::lock_guard lock(mutex_);
        batches_.clear();
        at_once_.clear();
        written_.clear();
        entered_ = 0;
    }

    /// What try_put has written.
    [[nodiscard]] std::vector<std::vector<std::string>> at_once() const {
        const std::lock_guard lock(mutex_);
        return at_once_;
    }

    result<std::optional<store::row>> get(std::string_view, std::string_view key) override {
        const std::lock_guard lock(mutex_);
        std::optional<store::row> found;
        if (const auto at = rows_.find(std::string(key)); at != rows_.end())
            found = store::row{at->first, at->second, 0};
        return found;
    }

    result<std::vector<store::row>> scan(const store::query&) override { return std::vector<store::row>(); }

    result<void> flush() override {
        const std::lock_guard lock(mutex_);
        be_alone();
        ++flushes_;
        return ok();
    }

    result<std::uint32_t> maintain(std::int64_t now_ms, std::uint32_t limit) override {
        const std::lock_guard lock(mutex_);
        be_alone();
        maintained_at_ = now_ms;
        const auto removed = std::min(expired_, limit);
        expired_ -= removed;
        ++rounds_;
        changed_.notify_all();
        return removed;
    }

    void hold(bool wanted) {
        const std::lock_guard lock(mutex_);
        held_ = wanted;
        changed_.notify_all();
    }

    /// Until put_batch has been entered so often.
    void wait_entered(int times) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return entered_ >= times; });
    }

    void fail(const std::string& key, error what) {
        const std::lock_guard lock(mutex_);
        failing_.insert_or_assign(key, std::move(what));
    }

    void expire_soon(std::uint32_t records) {
        const std::lock_guard lock(mutex_);
        expired_ = records;
    }

    /// Until nothing expired is left.
    void wait_expired() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return expired_ == 0; });
    }

    [[nodiscard]] int rounds() const {
        const std::lock_guard lock(mutex_);
        return rounds_;
    }

    [[nodiscard]] std::vector<std::vector<std::string>> batches() const {
        const std::lock_guard lock(mutex_);
        return batches_;
    }

    [[nodiscard]] int flushes() const {
        const std::lock_guard lock(mutex_);
        return flushes_;
    }

    [[nodiscard]] std::int64_t maintained_at() const {
        const std::lock_guard lock(mutex_);
        return maintained_at_;
    }

    /// All keys that were written, first to last.
    [[nodiscard]] std::vector<std::string> written() const {
        const std::lock_guard lock(mutex_);
        return written_;
    }

  private:
    // A call that is held back has let go of the lock, and is still inside.
    void be_alone() const {
        if (inside_)
            throw std::logic_error("two threads write");
    }

    result<void> put(std::span<const store::record> records, std::span<std::uint8_t> left_out,
                     std::vector<std::vector<std::string>>& into, std::unique_lock<std::mutex>& lock) {
        be_alone();
        inside_ = true;
        ++entered_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return !held_; });
        inside_ = false;
        std::vector<std::string> keys;
        for (const auto& each : records)
            if (const auto at = failing_.find(each.key); at != failing_.end())
                return at->second;
        for (std::size_t i = 0; i < records.size(); ++i) {
            const auto& each = records[i];
            keys.push_back(each.key);
            if (each.insert_only && rows_.contains(each.key))
                left_out[i] = 1;
            else
                rows_[each.key] = each.value;
        }
        written_.insert(written_.end(), keys.begin(), keys.end());
        into.push_back(std::move(keys));
        return ok();
    }

    const bool tries_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool held_ = false;
    bool inside_ = false;
    bool would_wait_ = false;
    int entered_ = 0;
    int flushes_ = 0;
    int rounds_ = 0;
    std::int64_t maintained_at_ = 0;
    std::uint32_t expired_ = 0;
    std::map<std::string, error> failing_;
    std::map<std::string, std::string> rows_;
    std::vector<std::vector<std::string>> batches_;
    std::vector<std::vector<std::string>> at_once_;
    std::vector<std::string> written_;
};

} // namespace ferrule::tests
