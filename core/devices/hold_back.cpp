#include "devices/hold_back.hpp"

namespace ferrule::devices {

void hold_back::failed(const std::string& login, base::steady_time now) {
    if (time_.count() <= 0)
        return;
    const std::lock_guard lock(mutex_);
    forget_old(now);
    until_[login] = now + time_;
}

void hold_back::succeeded(const std::string& login) {
    const std::lock_guard lock(mutex_);
    until_.erase(login);
}

std::optional<base::duration> hold_back::left(const std::string& login, base::steady_time now) {
    const std::lock_guard lock(mutex_);
    const auto at = until_.find(login);
    if (at == until_.end())
        return std::nullopt;
    if (at->second <= now) {
        until_.erase(at);
        return std::nullopt;
    }
    return at->second - now;
}

void hold_back::forget_old(base::steady_time now) {
    std::erase_if(until_, [now](const auto& each) { return each.second <= now; });
}

} // namespace ferrule::devices
