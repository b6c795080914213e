#include "http/deadline_timer.hpp"

namespace ferrule::http {

deadline_timer::deadline_timer(const asio::any_io_executor& on, deadline_owner& owner)
    : timer_(on)
    , owner_(owner) {}

void deadline_timer::set(base::steady_time deadline, const std::shared_ptr<void>& keep) {
    deadline_ = deadline;
    if (deadline < armed_for_)
        arm(keep);
}

void deadline_timer::stop() {
    clear();
    timer_.cancel();
}

void deadline_timer::arm(const std::shared_ptr<void>& keep) {
    armed_for_ = deadline_;
    timer_.expires_at(std::chrono::time_point_cast<asio::steady_timer::duration>(deadline_));
    timer_.async_wait([this, keep](const boost::system::error_code& failed) {
        if (failed)
            return;
        armed_for_ = base::steady_time::max();
        if (deadline_ == base::steady_time::max())
            return;
        if (base::system_clock().steady_now() < deadline_)
            return arm(keep);
        deadline_ = base::steady_time::max();
        owner_.deadline_passed();
    });
}

} // namespace ferrule::http
