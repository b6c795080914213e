// SPDX-License-Identifier: Apache-2.0
// HTTP from a coroutine, through the client that all plugins share.
#pragma once

#include <ferrule/sdk/detail/answer_wait.hpp>
#include <ferrule/sdk/json.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace ferrule::sdk {

/// One request. Everything beyond method, URL, headers and body goes through `option` as the service describes it.
class http_request {
  public:
    http_request(std::string_view method, std::string_view url) { head_.add("method", method).add("url", url); }

    http_request& header(std::string_view name, std::string_view value) {
        json_array pair;
        pair.add(name).add(value);
        headers_.add_json(pair.text());
        return *this;
    }

    http_request& timeout(std::chrono::milliseconds limit) {
        return option("timeout_ms", std::to_string(limit.count()));
    }

    /// Another member of the request, its value as JSON text, such as option("tls", R"({"verify":false})").
    http_request& option(std::string_view key, std::string_view json) {
        head_.add_json(key, json);
        return *this;
    }

    http_request& body(std::string content) {
        body_ = std::move(content);
        return *this;
    }

    [[nodiscard]] std::string json() const {
        json_object whole = head_;
        whole.add_json("headers", headers_.text());
        return whole.text();
    }

    [[nodiscard]] const std::string& content() const noexcept { return body_; }

  private:
    json_object head_;
    json_array headers_;
    std::string body_;
};

/// An answer with whatever status.
class http_response {
  public:
    http_response(sdk::json head, std::string body)
        : head_(std::move(head))
        , body_(std::move(body)) {}

    [[nodiscard]] int status() const { return static_cast<int>(head_.integer("status")); }

    /// The service's whole answer: headers, version, address, times of the phases.
    [[nodiscard]] const sdk::json& head() const noexcept { return head_; }

    [[nodiscard]] const std::string& body() const noexcept { return body_; }

  private:
    sdk::json head_;
    std::string body_;
};

/// Awaiter of http.
class http_wait final : public detail::answer_wait<result<http_response>> {
  public:
    http_wait(const http_request& request, time_ns deadline)
        : answer_wait(deadline, 0)
        , head_(request.json())
        , body_(request.content()) {}

    result<http_response> await_resume() {
        if (asked() != FRL_OK) {
            return error("internal", "The host refused the HTTP request.");
        }
        if (auto& got = answer()) {
            return std::move(*got);
        }
        if (status() == wait_status::cancelled) {
            return error::cancelled();
        }
        return error("http_timeout", "No HTTP answer in time.", true);
    }

  private:
    frl_status ask(block* arg) override {
        service_ = host().service<frl_http_service>(FRL_SERVICE_HTTP);
        host().require(service_.cancel, FRL_SERVICE_HTTP);
        exchange_ = host().require(service_.request, FRL_SERVICE_HTTP)(service_.ctx, str(head_), str(body_),
                                                                       &http_wait::on_answer, arg);
        return exchange_ == 0 ? FRL_FAILED : FRL_OK;
    }

    void leave() noexcept override { service_.cancel(service_.ctx, exchange_); }

    static error error_of(std::string_view text) {
        auto parsed = json::parse(text);
        if (!parsed || !parsed->is_object()) {
            return {"http_failed", "The HTTP request failed without a reason."};
        }
        return {parsed->text("code", "http_failed"), parsed->text("message"), parsed->boolean("retryable")};
    }

    static void on_answer(void* arg, frl_status status, frl_str text, frl_str body) noexcept {
        arrived(arg, [&](const block&) -> result<http_response> {
            if (status != FRL_OK) {
                return error_of(sdk::view(text));
            }
            return http_response(json::parse(sdk::view(text)).value(), std::string(sdk::view(body)));
        });
    }

    std::string head_;
    std::string body_;
    frl_http_service service_{};
    std::uint64_t exchange_ = 0;
};

/// Sends a request and waits for the whole answer. Name the request on a line of its own before awaiting. Errors: the
/// service's own, http_timeout, cancelled.
[[nodiscard]] inline http_wait http(const http_request& request, time_ns deadline = never) {
    return {request, deadline};
}

} // namespace ferrule::sdk
