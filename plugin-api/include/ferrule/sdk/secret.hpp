// SPDX-License-Identifier: Apache-2.0
// Credentials: fetched when they are needed, wiped when they are not.
#pragma once

#include <ferrule/sdk/detail/answer_wait.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace ferrule::sdk {

/// Overwrites memory in a way that the compiler keeps.
inline void wipe(void* data, std::size_t size) noexcept {
    if (size != 0) {
        std::memset(data, 0, size);
        __asm__ __volatile__("" : : "r"(data) : "memory");
    }
}

/// A private copy of a secret that is wiped on destruction. Move-only; never log it.
class secret_text {
  public:
    explicit secret_text(std::string_view text)
        : data_(std::make_unique<char[]>(text.size() + 1))
        , size_(text.size()) {
        if (size_ != 0) {
            std::memcpy(data_.get(), text.data(), size_);
        }
    }

    secret_text(secret_text&& other) noexcept
        : data_(std::move(other.data_))
        , size_(std::exchange(other.size_, 0)) {}

    secret_text& operator=(secret_text&& other) noexcept {
        if (this != &other) {
            clear();
            data_ = std::move(other.data_);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }

    ~secret_text() { clear(); }

    [[nodiscard]] std::string_view view() const noexcept { return {data_.get(), size_}; }

    /// NUL-terminated, for C libraries.
    [[nodiscard]] const char* c_str() const noexcept { return data_ ? data_.get() : ""; }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    void clear() noexcept {
        if (data_) {
            wipe(data_.get(), size_);
            data_.reset();
        }
        size_ = 0;
    }

  private:
    std::unique_ptr<char[]> data_;
    std::size_t size_;
};

/// Awaiter of secret.
class secret_wait final : public detail::answer_wait<result<secret_text>> {
  public:
    secret_wait(std::string reference, time_ns deadline)
        : answer_wait(deadline, 0)
        , reference_(std::move(reference)) {}

    [[nodiscard]] result<secret_text> await_resume() {
        if (asked() != FRL_OK) {
            return error("internal", "The host refused to hand out the credential '" + reference_ + "'.");
        }
        if (auto& got = answer()) {
            return std::move(*got);
        }
        if (status() == wait_status::cancelled) {
            return error::cancelled();
        }
        return error("secret_timeout", "The credential '" + reference_ + "' was not handed out in time.", true);
    }

  private:
    frl_status ask(block* arg) override {
        const auto& table = host().table();
        return host().require(table.secret_get, "secret_get")(table.ctx, str(reference_), &secret_wait::on_answer, arg);
    }

    static void on_answer(void* arg, frl_status status, frl_str json) noexcept {
        arrived(arg, [&](const block&) -> result<secret_text> {
            if (status != FRL_OK) {
                return error("unknown_credential", "The credential that the request names does not exist.");
            }
            return secret_text(sdk::view(json));
        });
    }

    std::string reference_;
};

/// Fetches the secret behind a reference from a request, as JSON text such as {"password":"…"}. Errors:
/// unknown_credential, secret_timeout, cancelled.
[[nodiscard]] inline secret_wait secret(std::string reference, time_ns deadline = never) {
    return {std::move(reference), deadline};
}

} // namespace ferrule::sdk
