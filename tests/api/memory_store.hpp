// A store that forgets everything, for tests of what stands above the store.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "store/store.hpp"

namespace ferrule::api_test {

namespace asio = boost::asio;

class memory_store final : public store::store {
  public:
    void write(::ferrule::store::record one, completion done) override {
        keep(one);
        done(ok());
    }

    void write(std::vector<::ferrule::store::record> all, completion done) override {
        for (const auto& each : all)
            keep(each);
        done(ok());
    }

    asio::awaitable<result<void>> put(::ferrule::store::record one) override {
        if (failing)
            co_return error("store_failed", "the disk is full", true);
        keep(one);
        co_return ok();
    }

    asio::awaitable<result<std::optional<::ferrule::store::row>>> get(std::string collection,
                                                                      std::string key) override {
        const std::lock_guard lock(mutex_);
        const auto at = kept_.find({collection, key});
        if (at == kept_.end())
            co_return std::optional<::ferrule::store::row>();
        co_return at->second;
    }

    asio::awaitable<result<std::vector<::ferrule::store::row>>> scan(::ferrule::store::query wanted) override {
        std::vector<::ferrule::store::row> rows;
        const std::lock_guard lock(mutex_);
        for (const auto& [at, row] : kept_)
            if (at.first == wanted.collection && at.second >= wanted.from &&
                (wanted.to.empty() || at.second < wanted.to))
                rows.push_back(row);
        if (wanted.reverse)
            std::reverse(rows.begin(), rows.end());
        if (wanted.limit != 0 && rows.size() > wanted.limit)
            rows.resize(wanted.limit);
        co_return rows;
    }

    /// Everything that was written, for searching.
    [[nodiscard]] std::string text() const {
        std::string all;
        const std::lock_guard lock(mutex_);
        for (const auto& [at, row] : kept_)
            all += row.value + "\n";
        return all;
    }

    std::atomic<bool> failing{false};

  private:
    void keep(const ::ferrule::store::record& one) {
        const std::lock_guard lock(mutex_);
        const std::pair at(one.collection, one.key);
        if (one.remove) {
            kept_.erase(at);
            return;
        }
        ::ferrule::store::row row;
        row.key = one.key;
        row.value = one.value;
        kept_[at] = std::move(row);
    }

    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, ::ferrule::store::row> kept_;
};

} // namespace ferrule::api_test
