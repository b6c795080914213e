#include "base/log_pace.hpp"

#include <utility>

namespace ferrule::base {

std::optional<std::uint64_t> log_pace::take(steady_time now) {
    const std::lock_guard lock(mutex_);
    ++since_;
    if (said_ && now - *said_ < every_)
        return std::nullopt;
    said_ = now;
    return std::exchange(since_, 0);
}

} // namespace ferrule::base
