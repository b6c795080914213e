#include "devices/local_node.hpp"

#include "base/log.hpp"
#include "runtime/gate.hpp"

#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace ferrule::devices {

namespace {

constexpr base::duration interrupted_limit = std::chrono::seconds(30);

} // namespace

bool local_node::push(const entry_ptr& entry) {
    const bool pinned = entry->how == model::strategy::pinned;
    return pinned ? pinned_.push(entry) : fifo_.push(entry);
}

void local_node::wake(const entry_ptr& entry) {
    if (entry->how == model::strategy::pinned)
        pinned_.wake(entry);
    else
        fifo_.wake(entry);
}

model::node_info local_node::info() const {
    model::node_info shown;
    shown.name = parts_.name;
    shown.region = parts_.limits.local.region;
    shown.tags = parts_.limits.local.labels;
    shown.capacity = parts_.limits.local.enabled ? parts_.limits.max_sessions : 0;
    shown.count = static_cast<std::uint32_t>(pinned_.size() + fifo_.running());
    double averages[1] = {0};
    if (::getloadavg(averages, 1) == 1)
        shown.load = averages[0] / std::max(1U, std::thread::hardware_concurrency());
    return shown;
}

std::vector<model::session_info> local_node::sessions() const {
    auto all = pinned_.sessions();
    for (auto& each : fifo_.sessions())
        all.push_back(std::move(each));
    return all;
}

result<void> local_node::close_session(const std::string& id, bool force) {
    return pinned_.close_session(id, force) ? ok() : no_such_session(id);
}

asio::awaitable<void> local_node::stop(base::duration limit) {
    runtime::gate ends;
    auto lanes = std::make_shared<std::optional<runtime::gate::pass>>(ends.enter());
    auto runs = std::make_shared<std::optional<runtime::gate::pass>>(ends.enter());
    const std::function<void()> lanes_ended = [lanes] { lanes->reset(); };
    const std::function<void()> runs_ended = [runs] { runs->reset(); };
    pinned_.stop(lanes_ended);
    fifo_.stop(runs_ended);
    if (co_await ends.drain(limit) == 0)
        co_return;
    base::log::warn("devices", "jobs still run at the end of the grace period and are interrupted");
    for (const auto& each : parts_.table.unfinished())
        parts_.table.interrupt(each);
    // Drivers end within their own grace, or are abandoned; what runs here uses the parts of the process until then.
    const auto left = co_await ends.drain(interrupted_limit);
    if (left != 0)
        base::log::error("devices", "jobs do not end although they were interrupted");
}

} // namespace ferrule::devices
