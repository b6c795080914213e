#include "plugins/session_queues.hpp"

#include <utility>

namespace ferrule::plugins {

bool session_queues::submit(blocking_share& share, frl_session session, std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    const auto [place, idle] = waiting_.try_emplace(session);
    if (!idle) {
        place->second.push_back(std::move(work));
        return true;
    }
    if (share.submit([this, session, work = std::move(work)] { run(session, work); }))
        return true;
    waiting_.erase(place);
    return false;
}

// What waits behind it is run on the same thread; that is at most the close of the session.
void session_queues::run(frl_session session, const std::function<void()>& work) {
    work();
    for (;;) {
        std::function<void()> next;
        {
            const std::lock_guard lock(mutex_);
            const auto place = waiting_.find(session);
            if (place->second.empty()) {
                waiting_.erase(place);
                return;
            }
            next = std::move(place->second.front());
            place->second.pop_front();
        }
        next();
    }
}

} // namespace ferrule::plugins
