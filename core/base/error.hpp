// One failure as the user sees it, and the `result` that carries it through every floor.
#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace ferrule::base {

/// Says what went wrong in a form that is stable for programs (`code`) and useful for people (`message`).
///
/// Codes are lower_snake texts such as `auth_failed`; once released a code keeps its meaning. The message is one
/// sentence that names what happened to what and what to do about it. `retryable` says whether trying the same again
/// can help. `details` is empty or the text of a JSON object. Never holds a secret. Has user-provided constructors on
/// purpose: GCC 12 mishandles temporary aggregates in expressions with co_await.
class error {
  public:
    /// Nothing went wrong; what result<T>::error() gives for a success.
    error();
    error(std::string code, std::string message, bool retryable = false, std::string details = {});
    error(const error&);
    error(error&&) noexcept;
    error& operator=(const error&);
    error& operator=(error&&) noexcept;
    ~error();

    [[nodiscard]] const std::string& code() const noexcept { return code_; }

    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    [[nodiscard]] bool retryable() const noexcept { return retryable_; }

    [[nodiscard]] const std::string& details() const noexcept { return details_; }

    /// The same failure seen from further up: `prefix: message`.
    [[nodiscard]] error within(std::string_view prefix) const;

    friend bool operator==(const error&, const error&) = default;

  private:
    std::string code_;
    std::string message_;
    std::string details_;
    bool retryable_ = false;
};

/// Thrown by result<T>::value() when there is none; only start-up code and tests may rely on it.
[[noreturn]] void throw_exception_from_error(const error& what, const boost::source_location& where);

template <class T>
using result = boost::system::result<T, error>;

/// Success of an operation that returns nothing.
inline result<void> ok() {
    return {};
}

} // namespace ferrule::base

namespace ferrule {
using base::error;
using base::ok;
using base::result;
} // namespace ferrule
