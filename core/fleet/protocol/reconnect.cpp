#include "fleet/protocol/reconnect.hpp"

#include <algorithm>

namespace ferrule::fleet::protocol {

reconnect::reconnect(settings wanted, std::function<double()> chance)
    : settings_(wanted)
    , chance_(std::move(chance)) {}

reconnect::step reconnect::failed() {
    refusals_ = 0; // of this one nobody knows what it would say
    all_proven_ = true;
    return another();
}

reconnect::step reconnect::another() {
    // With several controllers the bound grows once they have all been tried.
    const auto rounds = failures_++ / std::max<std::size_t>(settings_.controllers, 1);
    current_ = (current_ + 1) % std::max<std::size_t>(settings_.controllers, 1);
    auto bound = settings_.first;
    for (std::size_t i = 0; i < rounds && bound < settings_.most; ++i)
        bound *= 2;
    return {current_, drawn_up_to(std::min(bound, settings_.most))};
}

reconnect::step reconnect::refused(bool proven) {
    all_proven_ = all_proven_ && proven;
    const auto controllers = std::max<std::size_t>(settings_.controllers, 1);
    if (++refusals_ % controllers != 0)
        return another(); // which may know better
    current_ = (current_ + 1) % controllers;
    const auto most = all_proven_ ? settings_.most_refused : settings_.most_unproven;
    auto bound = settings_.first;
    for (auto rounds = refusals_ / controllers; rounds > 1 && bound < most; --rounds)
        bound *= 2;
    bound = std::min(bound, most);
    return {current_, bound / 2 + drawn_up_to(bound / 2)};
}

reconnect::step reconnect::lost() {
    return {current_, drawn_up_to(std::min(settings_.spread, settings_.most))};
}

reconnect::step reconnect::told_to_wait(base::duration at_least) {
    if (settings_.controllers > 1)
        return failed(); // another one may have room now
    ++failures_;
    return {current_, at_least + drawn_up_to(at_least)};
}

base::duration reconnect::drawn_up_to(base::duration bound) {
    const auto count = static_cast<double>(bound.count()) * std::clamp(chance_(), 0.0, 1.0);
    return base::duration(static_cast<base::duration::rep>(count));
}

} // namespace ferrule::fleet::protocol
