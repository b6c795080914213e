#include "fleet/traffic.hpp"

#include "base/json.hpp"
#include "fleet/protocol/frame.hpp"

#include <set>

namespace ferrule::fleet {

using base::json;
using protocol::number_of;

namespace {

constexpr std::size_t most_interfaces = 256;

std::uint64_t passed_since(std::uint64_t before, std::uint64_t now, bool same_boot) {
    return same_boot && now >= before ? now - before : now;
}

std::uint64_t rate(std::uint64_t bytes, base::duration in) {
    const auto seconds = std::chrono::duration<double>(in).count();
    return seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds) : 0;
}

} // namespace

void traffic::take(const json& interfaces, const std::string& host_boot, base::steady_time now) {
    if (!interfaces.is_object())
        return;
    const bool same_boot = host_boot_ == host_boot;
    const auto elapsed = taken_at_ == base::steady_time{} ? base::duration::zero() : now - taken_at_;
    std::set<std::string> there;
    for (const auto& [name, value] : interfaces.items()) {
        if (!value.is_object() || name.size() > 64 || there.size() >= most_interfaces)
            continue;
        there.insert(name);
        const interface_traffic::pair counter{number_of(value, "rx_bytes"), number_of(value, "tx_bytes")};
        const auto [at, fresh] = all_.try_emplace(name);
        auto& each = at->second;
        if (!fresh) {
            const auto rx = passed_since(each.counter.rx, counter.rx, same_boot);
            const auto tx = passed_since(each.counter.tx, counter.tx, same_boot);
            each.passed.rx += rx;
            each.passed.tx += tx;
            each.a_second = {rate(rx, elapsed), rate(tx, elapsed)};
        }
        each.counter = counter;
    }
    std::erase_if(all_, [&](const auto& each) { return !there.contains(each.first); });
    host_boot_ = host_boot;
    taken_at_ = now;
}

json traffic::to_record() const {
    json shown = json::object();
    for (const auto& [name, each] : all_)
        shown[name] = {
            {"rx", each.counter.rx}, {"tx", each.counter.tx}, {"rx_sum", each.passed.rx}, {"tx_sum", each.passed.tx}};
    return {{"boot", host_boot_}, {"interfaces", std::move(shown)}};
}

traffic traffic::from_record(const json& value) {
    traffic out;
    out.host_boot_ = protocol::text_of(value, "boot");
    const auto interfaces = value.find("interfaces");
    if (interfaces == value.end() || !interfaces->is_object())
        return out;
    for (const auto& [name, each] : interfaces->items()) {
        interface_traffic one;
        one.counter = {number_of(each, "rx"), number_of(each, "tx")};
        one.passed = {number_of(each, "rx_sum"), number_of(each, "tx_sum")};
        out.all_.emplace(name, one);
    }
    return out;
}

} // namespace ferrule::fleet
