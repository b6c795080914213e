// A store in memory that a test makes fail.
#pragma once

#include "store/backend.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace test {

/// What the backend shares with the test, which outlives it.
struct memory_store {
    /// The next batches fail.
    void fail(int times, bool retryable = true) {
        const std::lock_guard lock(mutex);
        failures = times;
        helps = retryable;
    }

    /// Until so many batches have been refused.
    void wait_refused(int times) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return refused >= times; });
    }

    /// Batches wait until it is over.
    void hold(bool wanted) {
        const std::lock_guard lock(mutex);
        held = wanted;
        changed.notify_all();
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool held = false;
    std::map<std::string, std::map<std::string, ferrule::store::row>> rows;
    std::size_t largest = SIZE_MAX; ///< No value may be longer.
    int failures = 0;
    int refused = 0;
    bool helps = true;
};

class memory_backend final : public ferrule::store::backend {
  public:
    explicit memory_backend(std::shared_ptr<memory_store> over)
        : over_(std::move(over)) {}

    /// Leaves nothing out.
    ferrule::result<void> put_batch(std::span<const ferrule::store::record> records, std::span<std::uint8_t>) override {
        std::unique_lock lock(over_->mutex);
        over_->changed.wait(lock, [this] { return !over_->held; });
        if (over_->failures > 0) {
            --over_->failures;
            ++over_->refused;
            over_->changed.notify_all();
            return ferrule::error("store_failed", "the disk is on strike", over_->helps);
        }
        for (const auto& each : records)
            if (each.value.size() > over_->largest)
                return ferrule::error("record_too_large", "there is no disk so large");
        for (const auto& each : records) {
            if (each.remove)
                over_->rows[each.collection].erase(each.key);
            else
                over_->rows[each.collection][each.key] = {each.key, each.value, each.expires_at_ms};
        }
        return ferrule::ok();
    }

    ferrule::result<std::optional<ferrule::store::row>> get(std::string_view collection,
                                                            std::string_view key) override {
        const std::lock_guard lock(over_->mutex);
        const auto& rows = over_->rows[std::string(collection)];
        std::optional<ferrule::store::row> found;
        if (const auto at = rows.find(std::string(key)); at != rows.end())
            found = at->second;
        return found;
    }

    /// All of the collection; filters are left to the caller.
    ferrule::result<std::vector<ferrule::store::row>> scan(const ferrule::store::query& wanted) override {
        const std::lock_guard lock(over_->mutex);
        std::vector<ferrule::store::row> found;
        for (const auto& [key, row] : over_->rows[wanted.collection])
            found.push_back(row);
        return found;
    }

    ferrule::result<void> flush() override { return ferrule::ok(); }

    ferrule::result<std::uint32_t> maintain(std::int64_t, std::uint32_t) override { return std::uint32_t{0}; }

  private:
    std::shared_ptr<memory_store> over_;
};

} // namespace test
