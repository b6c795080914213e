#include "devices/login_groups.hpp"

#include <utility>

namespace ferrule::devices {

// Guarded by the mutex of all groups, but for the lead.
struct login_groups::group {
    explicit group(std::string of)
        : login(std::move(of)) {}

    const std::string login;
    turns lead{1};
    std::size_t members = 0;
    bool proven = false; // one got in while the group lasted
    std::size_t failures = 0;
    std::optional<error> last_failure;
};

login_groups::pass::pass(login_groups& of, const std::string& login)
    : of_(&of) {
    const std::lock_guard lock(of.mutex_);
    auto& place = of.groups_[login];
    if (!place)
        place = std::make_shared<group>(login);
    ++place->members;
    group_ = place;
    failures_seen_ = place->failures;
}

login_groups::pass::pass(pass&& other) noexcept
    : of_(other.of_)
    , group_(std::exchange(other.group_, nullptr))
    , failures_seen_(other.failures_seen_)
    , failed_before_(std::move(other.failed_before_)) {
    if (other.lead_)
        lead_.emplace(std::move(*other.lead_));
    other.lead_.reset();
}

login_groups::pass::~pass() {
    if (!group_)
        return;
    lead_.reset();
    const std::lock_guard lock(of_->mutex_);
    if (--group_->members == 0)
        of_->groups_.erase(group_->login);
}

void login_groups::pass::lead(turns::turn taken) {
    const std::lock_guard lock(of_->mutex_);
    if (group_->proven)
        return; // the turn goes to the next, who follows as well
    if (group_->failures != failures_seen_)
        failed_before_ = group_->last_failure;
    else
        lead_.emplace(std::move(taken));
}

void login_groups::pass::succeeded() {
    {
        const std::lock_guard lock(of_->mutex_);
        group_->proven = true;
    }
    lead_.reset();
}

void login_groups::pass::failed(const error& why) {
    {
        const std::lock_guard lock(of_->mutex_);
        if (why.code() == "auth_failed")
            group_->proven = false;
        if (lead_ && why.code() != "cancelled" && why.code() != "deadline") {
            ++group_->failures;
            group_->last_failure = why;
        }
    }
    lead_.reset();
}

asio::awaitable<std::optional<login_groups::pass>> login_groups::enter(std::string login, base::steady_time deadline) {
    std::optional<pass> mine(pass(*this, login));
    bool proven = false;
    {
        const std::lock_guard lock(mutex_);
        proven = mine->group_->proven;
    }
    if (proven)
        co_return std::move(mine);
    auto turn = co_await mine->group_->lead.take(deadline);
    if (turn)
        mine->lead(std::move(*turn));
    else
        mine.reset();
    co_return std::move(mine);
}

} // namespace ferrule::devices
