#include "fleet/doorstep.hpp"

#include "net/acceptor.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::fleet {

visitor_ptr doorstep::came(const visitor_ptr& who) {
    if (!who->name().empty())
        return std::exchange(certified_[who->name()], who);
    visitor_ptr displaced;
    if (strangers_.size() >= most_ && !strangers_.empty()) {
        const auto from = choose();
        displaced = std::move(from->who);
        strangers_.erase(from);
    }
    strangers_.push_back({who, net::origin_of_peer(who->address())});
    return displaced;
}

bool doorstep::left(const visitor_ptr& who) {
    if (who->name().empty())
        return std::erase_if(strangers_, [&](const stranger& each) { return each.who == who; }) != 0;
    const auto at = certified_.find(who->name());
    if (at == certified_.end() || at->second != who)
        return false;
    certified_.erase(at);
    return true;
}

doorstep::place doorstep::choose() {
    const auto first = [this](auto which) { return std::find_if(strangers_.begin(), strangers_.end(), which); };
    const auto answered = first([](const stranger& each) { return each.who->stands() == visitor::stage::answered; });
    if (answered != strangers_.end())
        return answered;
    std::map<std::string, std::size_t> crowds;
    std::size_t most = 0;
    for (const auto& each : strangers_)
        most = std::max(most, ++crowds[each.origin]);
    const auto of_crowd = [&](const stranger& each) { return crowds[each.origin] == most; };
    const auto silent =
        first([&](const stranger& each) { return of_crowd(each) && each.who->stands() == visitor::stage::silent; });
    return silent != strangers_.end() ? silent : first(of_crowd);
}

} // namespace ferrule::fleet
