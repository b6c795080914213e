#include "http/rate_limiter.hpp"

#include <algorithm>

namespace ferrule::http {

token_bucket::token_bucket(double rate, double burst, base::steady_time now)
    : rate_(rate)
    , burst_(burst)
    , level_(burst)
    , at_(now) {}

double token_bucket::level(base::steady_time now) const {
    const std::chrono::duration<double> passed = now - at_;
    return std::min(burst_, level_ + std::max(0.0, passed.count()) * rate_);
}

std::optional<base::duration> token_bucket::take(base::steady_time now) {
    level_ = level(now);
    at_ = std::max(at_, now);
    if (level_ >= 1.0) {
        level_ -= 1.0;
        return std::nullopt;
    }
    const std::chrono::duration<double> missing((1.0 - level_) / rate_);
    return std::chrono::ceil<std::chrono::milliseconds>(missing);
}

bool token_bucket::full(base::steady_time now) const {
    return level(now) >= burst_;
}

rate_limiter::rate_limiter(std::uint32_t rate, std::uint32_t burst)
    : rate_(rate)
    , burst_(std::max<std::uint32_t>(burst, 1)) {}

std::optional<base::duration> rate_limiter::take(std::string_view caller, base::steady_time now) {
    if (!enabled())
        return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (buckets_.size() >= sweep_at_)
        forget_full(now);
    const auto [at, made] = buckets_.try_emplace(std::string(caller), rate_, burst_, now);
    return at->second.take(now);
}

std::size_t rate_limiter::size() const {
    const std::lock_guard lock(mutex_);
    return buckets_.size();
}

// Swept whenever the table has doubled since the last time, so the cost a request stays constant.
void rate_limiter::forget_full(base::steady_time now) {
    std::erase_if(buckets_, [now](const auto& each) { return each.second.full(now); });
    sweep_at_ = std::max<std::size_t>(1024, buckets_.size() * 2);
}

} // namespace ferrule::http
