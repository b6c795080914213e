// Lets one login try a password before the others follow.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "devices/turns.hpp"

namespace ferrule::devices {

/// Keeps many jobs that come at once with one wrong password from locking the account before the first of them hears
/// that it is wrong. Of the logins of one kind that are under way together the first leads and the others wait: when it
/// gets in they follow side by side, when it fails they share its error. A group exists as long as it has members.
/// Thread-safe; it must outlive the passes.
class login_groups {
    struct group;

  public:
    /// Membership of one login, until it has ended.
    class pass {
      public:
        pass(pass&&) noexcept;
        pass& operator=(pass&&) = delete;
        pass(const pass&) = delete;
        pass& operator=(const pass&) = delete;
        /// One that leads and has not told its end leaves the lead to the next.
        ~pass();

        /// How the login ended that this one has waited for; it is not to be tried then.
        [[nodiscard]] const std::optional<error>& failed_before() const noexcept { return failed_before_; }

        void succeeded();
        /// A `why` that is about this attempt alone (`cancelled`, `deadline`) is not shared.
        void failed(const error& why);

      private:
        friend class login_groups;
        pass(login_groups& of, const std::string& login);
        void lead(turns::turn taken);

        login_groups* of_;
        std::shared_ptr<group> group_;
        std::size_t failures_seen_ = 0;
        std::optional<turns::turn> lead_;
        std::optional<error> failed_before_;
    };

    /// Joins the group of `login`, and waits while another one leads it; none when the deadline passed or the coroutine
    /// was cancelled before.
    asio::awaitable<std::optional<pass>> enter(std::string login, base::steady_time deadline);

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<group>> groups_;
};

} // namespace ferrule::devices
