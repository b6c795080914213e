#include "fleet/refusal_log.hpp"

#include "net/acceptor.hpp"

#include <utility>

namespace ferrule::fleet {

namespace {

constexpr const char* many_others = "many others";

// Of an address without its port.
std::string origin_of(const std::string& host) {
    return net::origin_of_peer(host + ":0");
}

} // namespace

bool refusal_log::is_news(const about& what, base::steady_time now) {
    const std::lock_guard lock(mutex_);
    const auto known = all_.find(what);
    if (known != all_.end()) {
        ++known->second.times;
        return false;
    }
    const auto origin = origin_of(what.host);
    if (auto& kinds = kinds_[origin]; all_.size() < most && kinds < most_of_origin) {
        ++kinds;
        all_.emplace(what, counted{now + window, 0});
        return true;
    }
    if (kinds_[origin] == 0)
        kinds_.erase(origin);
    // Somebody makes up names or comes from everywhere: the rest of the window is one line.
    const bool one_origin = all_.size() < most;
    const about rest{{}, one_origin ? origin : std::string(), many_others};
    ++all_.try_emplace(rest, counted{now + window, 0}).first->second.times;
    return false;
}

void refusal_log::forget(std::map<about, counted>::iterator which) {
    if (which->first.reason != many_others)
        if (const auto of = kinds_.find(origin_of(which->first.host)); of != kinds_.end() && --of->second == 0)
            kinds_.erase(of);
    all_.erase(which);
}

std::vector<refusal_log::summary> refusal_log::repeated(base::steady_time now) {
    std::vector<summary> out;
    const std::lock_guard lock(mutex_);
    for (auto each = all_.begin(); each != all_.end();) {
        if (each->second.until > now) {
            ++each;
        } else if (each->second.times == 0) {
            forget(each++);
        } else {
            out.push_back({each->first, std::exchange(each->second.times, 0)});
            each->second.until = now + window;
            ++each;
        }
    }
    return out;
}

} // namespace ferrule::fleet
