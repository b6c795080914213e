// SPDX-License-Identifier: Apache-2.0
// Failure as a value: what a plugin's functions return, and how it becomes the error that a user reads.
#pragma once

#include <ferrule/abi/abi.h>
#include <ferrule/sdk/json_writer.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ferrule::sdk {

/// Why something failed: a stable lower_snake code for programs, a sentence for people that says what happened to what
/// and what to do, and whether trying again can help. Never put a secret into it.
class error {
  public:
    error(std::string code, std::string message, bool retryable = false, std::string details_json = {})
        : code_(std::move(code))
        , message_(std::move(message))
        , details_(std::move(details_json))
        , retryable_(retryable) {}

    [[nodiscard]] const std::string& code() const noexcept { return code_; }

    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    [[nodiscard]] bool retryable() const noexcept { return retryable_; }

    /// JSON text, or empty.
    [[nodiscard]] const std::string& details() const noexcept { return details_; }

    /// {"code","message","retryable","details"?}, as operations complete with it.
    [[nodiscard]] std::string json() const {
        json_object object;
        object.add("code", code_).add("message", message_).add("retryable", retryable_);
        if (!details_.empty()) {
            object.add_json("details", details_);
        }
        return object.text();
    }

    /// The status that goes with it through the ABI.
    [[nodiscard]] frl_status status() const noexcept { return code_ == "cancelled" ? FRL_CANCELLED : FRL_FAILED; }

    /// The usual end of an operation whose wait said `cancelled`.
    static error cancelled() { return {"cancelled", "The operation was cancelled."}; }

  private:
    std::string code_;
    std::string message_;
    std::string details_;
    bool retryable_;
};

/// Carries an error through code that reports by exception; it reaches the user as that error and not as "internal".
class failure : public std::exception {
  public:
    explicit failure(sdk::error what)
        : error_(std::move(what)) {}

    [[nodiscard]] const char* what() const noexcept override { return error_.message().c_str(); }

    [[nodiscard]] const sdk::error& error() const noexcept { return error_; }

  private:
    sdk::error error_;
};

namespace detail {

/// The error for the exception being handled; call inside a catch block. Code "internal" for everything but `failure`.
inline error current_error() {
    try {
        throw;
    } catch (const failure& f) {
        return f.error();
    } catch (const std::exception& e) {
        return {"internal", std::string("The plugin threw an exception: ") + e.what()};
    } catch (...) {
        return {"internal", "The plugin threw an exception of unknown type."};
    }
}

} // namespace detail

/// A value or the error that prevented it.
template <class T>
class [[nodiscard]] result {
  public:
    using value_type = T;

    result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {}

    result(sdk::error what)
        : state_(std::in_place_index<1>, std::move(what)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }

    explicit operator bool() const noexcept { return has_value(); }

    /// The value; throws `failure` with the error when there is none.
    T& value() & {
        check();
        return *std::get_if<0>(&state_);
    }

    const T& value() const& {
        check();
        return *std::get_if<0>(&state_);
    }

    T&& value() && {
        check();
        return std::move(*std::get_if<0>(&state_));
    }

    T& operator*() & { return value(); }

    const T& operator*() const& { return value(); }

    T&& operator*() && { return std::move(*this).value(); }

    T* operator->() { return &value(); }

    const T* operator->() const { return &value(); }

    /// Only when there is no value.
    [[nodiscard]] const sdk::error& error() const { return std::get<1>(state_); }

  private:
    void check() const {
        if (const auto* what = std::get_if<1>(&state_)) {
            throw failure(*what);
        }
    }

    std::variant<T, sdk::error> state_;
};

/// Done, or the error that prevented it. `co_return ok();` says done.
template <>
class [[nodiscard]] result<void> {
  public:
    using value_type = void;

    result()
        : state_(std::in_place_index<0>) {}

    result(sdk::error what)
        : state_(std::in_place_index<1>, std::move(what)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }

    explicit operator bool() const noexcept { return has_value(); }

    void value() const {
        if (const auto* what = std::get_if<1>(&state_)) {
            throw failure(*what);
        }
    }

    [[nodiscard]] const sdk::error& error() const { return std::get<1>(state_); }

  private:
    std::variant<std::monostate, sdk::error> state_;
};

[[nodiscard]] inline result<void> ok() {
    return {};
}

/// How an operation ends: its result as JSON text, or an error.
using reply = result<std::string>;

/// The reply of an operation that has nothing to tell.
[[nodiscard]] inline reply done() {
    return {std::string("{}")};
}

} // namespace ferrule::sdk
