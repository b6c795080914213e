#include "fleet/refusal_log.hpp"

#include <utility>

namespace ferrule::fleet {

bool refusal_log::is_news(const about& what, base::steady_time now) {
    const std::lock_guard lock(mutex_);
    const auto known = all_.find(what);
    if (known != all_.end()) {
        ++known->second.times;
        return false;
    }
    if (all_.size() < most) {
        all_.emplace(what, counted{now + window, 0});
        return true;
    }
    // Somebody makes up names or comes from everywhere: the rest of the window is one line.
    ++all_.try_emplace(about{{}, {}, "many others"}, counted{now + window, 0}).first->second.times;
    return false;
}

std::vector<refusal_log::summary> refusal_log::repeated(base::steady_time now) {
    std::vector<summary> out;
    const std::lock_guard lock(mutex_);
    for (auto each = all_.begin(); each != all_.end();) {
        if (each->second.until > now) {
            ++each;
        } else if (each->second.times == 0) {
            each = all_.erase(each);
        } else {
            out.push_back({each->first, std::exchange(each->second.times, 0)});
            each->second.until = now + window;
            ++each;
        }
    }
    return out;
}

} // namespace ferrule::fleet
