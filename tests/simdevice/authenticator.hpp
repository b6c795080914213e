// Decides who gets in.
#pragma once

#include "simdevice/spec.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::simdevice {

/// The answer to one authentication request.
struct verdict {
    enum class what {
        refuse,
        partial, ///< right, but another method must follow
        accept,
        key_known, ///< the key would do; the client shall sign
        challenge, ///< ask `round`
    };
    what answer = what::refuse;
    const challenge_spec* round = nullptr;
    bool counts = true; ///< a refusal that is a failed login, not a mere question
};

/// The login of one session. Sans I/O; the users outlive it. One thread at a time.
class authenticator {
  public:
    explicit authenticator(const std::vector<user_spec>& users)
        : users_(users) {}

    verdict password(std::string_view user, std::string_view password);
    /// `signed_` tells an offer from a signature that was verified.
    verdict public_key(std::string_view user, std::string_view base64, bool signed_);
    verdict challenge_begin(std::string_view user);
    verdict challenge_answer(std::string_view user, const std::vector<std::string>& answers);

    /// Names of the methods that may go on for this user, all of them for one who is not known.
    std::vector<std::string> methods(std::string_view user) const;

    /// The methods that succeeded, joined by `+`.
    std::string passed() const;

  private:
    const user_spec* find(std::string_view user) const;
    verdict succeed(const user_spec& user, const std::string& method);

    const std::vector<user_spec>& users_;
    std::set<std::string> passed_;
    std::string user_;
    std::size_t round_ = 0;
};

} // namespace ferrule::simdevice
