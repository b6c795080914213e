// SPDX-License-Identifier: Apache-2.0
// Scripted answers of the test host: names, secrets, HTTP and lost sessions.
#pragma once

#include <ferrule/testhost/loop.hpp>
#include <ferrule/testhost/record.hpp>

#include <arpa/inet.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ferrule::testhost {

/// One exchange that the plugin asked the HTTP service for, and how to answer it.
struct http_exchange {
    std::string request = {}; ///< JSON as the plugin wrote it.
    std::string body = {};
    // The answer, to be filled by the handler.
    frl_status status = FRL_OK;
    std::string answer = R"({"status":200,"headers":[]})";
    std::string answer_body = {};
};

/// A session that the driver reported as lost.
struct lost_session {
    frl_session session = 0;
    std::string error = {};
};

/// Everything is answered in a later turn of the loop, never inside the plugin's call.
class services {
  public:
    explicit services(loop& owner)
        : loop_(&owner) {
        http_.struct_size = sizeof(http_);
        http_.ctx = this;
        http_.request = &on_request;
        http_.cancel = &on_cancel;
        sessions_.struct_size = sizeof(sessions_);
        sessions_.ctx = this;
        sessions_.lost = &on_lost;
    }

    services(const services&) = delete;
    services& operator=(const services&) = delete;

    /// What secret_get hands out for a reference, as JSON text.
    void set_secret(std::string reference, std::string json) { secrets_[std::move(reference)] = std::move(json); }

    /// What resolve answers for a name; address literals resolve by themselves, unknown names fail.
    void set_name(std::string name, std::vector<std::string> addresses) {
        names_[std::move(name)] = std::move(addresses);
    }

    /// Keeps answers to resolve, secret_get and HTTP back until release().
    void hold() { held_ = true; }

    void release() {
        held_ = false;
        for (auto& answer : std::exchange(waiting_, {})) {
            loop_->post(std::move(answer));
        }
    }

    /// How HTTP requests are answered.
    std::function<void(http_exchange&)> on_http = [](http_exchange&) {};

    [[nodiscard]] const std::vector<http_exchange>& http_requests() const noexcept { return requests_; }

    [[nodiscard]] const std::vector<lost_session>& lost_sessions() const noexcept { return lost_; }

    /// Takes a service away, as an older host would.
    void remove(std::string id) { removed_.push_back(std::move(id)); }

    [[nodiscard]] const void* find(const std::string& id) const noexcept {
        if (std::find(removed_.begin(), removed_.end(), id) != removed_.end()) {
            return nullptr;
        }
        if (id == FRL_SERVICE_HTTP) {
            return &http_;
        }
        return id == FRL_SERVICE_SESSIONS ? &sessions_ : nullptr;
    }

    frl_status resolve(const std::string& name, frl_resolve_callback fn, void* arg) {
        std::vector<frl_address> found;
        const auto known = names_.find(name);
        const auto texts = known == names_.end() ? std::vector<std::string>{name} : known->second;
        for (const auto& each : texts) {
            frl_address address{};
            if (::inet_pton(AF_INET, each.c_str(), address.bytes) == 1) {
                address.family = 4;
                found.push_back(address);
            } else if (::inet_pton(AF_INET6, each.c_str(), address.bytes) == 1) {
                address.family = 6;
                found.push_back(address);
            }
        }
        answer([found, fn, arg, name] {
            const std::string message = found.empty() ? "The name '" + name + "' does not exist." : "";
            fn(arg, found.empty() ? FRL_FAILED : FRL_OK, found.data(), static_cast<std::uint32_t>(found.size()),
               str(message));
        });
        return FRL_OK;
    }

    frl_status secret(const std::string& reference, frl_secret_callback fn, void* arg) {
        const auto found = secrets_.find(reference);
        if (found == secrets_.end()) {
            answer([fn, arg] { fn(arg, FRL_INVALID, {}); });
        } else {
            answer([fn, arg, json = found->second] { fn(arg, FRL_OK, str(json)); });
        }
        return FRL_OK;
    }

  private:
    static services& self(void* ctx) noexcept { return *static_cast<services*>(ctx); }

    void answer(std::function<void()> fn) {
        if (held_) {
            waiting_.push_back(std::move(fn));
        } else {
            loop_->post(std::move(fn));
        }
    }

    static std::uint64_t on_request(void* ctx, frl_str json, frl_str body, frl_http_callback fn, void* arg) {
        auto& s = self(ctx);
        if (!s.loop_->on_strand()) {
            return 0;
        }
        const auto number = ++s.last_exchange_;
        s.requests_.push_back({text(json), text(body), FRL_OK, R"({"status":200,"headers":[]})", {}});
        s.on_http(s.requests_.back());
        s.exchanges_[number] = false;
        s.answer([&s, number, fn, arg, exchange = s.requests_.back()] {
            const bool cancelled = std::exchange(s.exchanges_[number], true);
            if (cancelled) {
                fn(arg, FRL_CANCELLED, FRL_STR(R"({"code":"cancelled","message":"Cancelled.","retryable":false})"), {});
            } else {
                fn(arg, exchange.status, str(exchange.answer), str(exchange.answer_body));
            }
            s.exchanges_.erase(number);
        });
        return number;
    }

    static frl_status on_cancel(void* ctx, std::uint64_t exchange) {
        const auto found = self(ctx).exchanges_.find(exchange);
        if (found == self(ctx).exchanges_.end()) {
            return FRL_STALE;
        }
        found->second = true;
        return FRL_OK;
    }

    static frl_status on_lost(void* ctx, frl_session session, frl_str error) {
        self(ctx).lost_.push_back({session, text(error)});
        return FRL_OK;
    }

    loop* loop_;
    frl_http_service http_{};
    frl_session_service sessions_{};
    std::map<std::string, std::string> secrets_ = {};
    std::map<std::string, std::vector<std::string>> names_ = {};
    std::vector<http_exchange> requests_ = {};
    std::vector<lost_session> lost_ = {};
    std::vector<std::string> removed_ = {};
    std::map<std::uint64_t, bool> exchanges_ = {};
    std::uint64_t last_exchange_ = 0;
    bool held_ = false;
    std::vector<std::function<void()>> waiting_ = {};
};

} // namespace ferrule::testhost
