#include "http/server_state.hpp"

#include <algorithm>

namespace ferrule::http {

void server_state::add(const std::shared_ptr<live_connection>& made) {
    const std::lock_guard lock(mutex_);
    live_.emplace(made.get(), made);
}

void server_state::remove(live_connection* gone) {
    const std::lock_guard lock(mutex_);
    live_.erase(gone);
}

std::vector<std::shared_ptr<live_connection>> server_state::all() const {
    std::vector<std::shared_ptr<live_connection>> found;
    const std::lock_guard lock(mutex_);
    for (const auto& [address, weak] : live_)
        if (auto held = weak.lock())
            found.push_back(std::move(held));
    return found;
}

request_reader::limits server_state::reader_limits() const {
    request_reader::limits limits;
    limits.header = static_cast<std::uint32_t>(wanted.max_header);
    limits.body = wanted.max_body;
    return limits;
}

base::duration server_state::handler_limit() const {
    constexpr base::duration longest_work = std::chrono::minutes(5); // testing a device
    return std::max(wanted.max_wait, longest_work) + std::chrono::seconds(30);
}

asio::any_io_executor server_state::connection_executor() {
    if (loop.threads() == 1)
        return loop.get_executor();
    return loop.make_strand();
}

} // namespace ferrule::http
