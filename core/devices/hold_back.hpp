// Keeps a wrong password from locking an account.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace ferrule::devices {

/// Remembers failed logins: after one, the same login on the same device is not tried again for a while. Another
/// credential, or a changed one, is another login. Sans-I/O, the clock is passed in. Thread-safe.
class hold_back {
  public:
    /// `time` 0 never holds back.
    explicit hold_back(base::duration time)
        : time_(time) {}

    /// `login` names device, user and credential version.
    void failed(const std::string& login, base::steady_time now);
    void succeeded(const std::string& login);
    /// How long the login is still held back; none when it may be tried.
    [[nodiscard]] std::optional<base::duration> left(const std::string& login, base::steady_time now);

  private:
    void forget_old(base::steady_time now);

    base::duration time_;
    std::mutex mutex_;
    std::map<std::string, base::steady_time> until_;
};

} // namespace ferrule::devices
