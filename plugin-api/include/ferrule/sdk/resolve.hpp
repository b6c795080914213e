// SPDX-License-Identifier: Apache-2.0
// Names to addresses, through the host's resolver.
#pragma once

#include <ferrule/sdk/detail/answer_wait.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

namespace ferrule::sdk {

/// An IPv4 or IPv6 address.
class address {
  public:
    explicit address(const frl_address& raw) noexcept
        : raw_(raw) {}

    [[nodiscard]] bool is_v6() const noexcept { return raw_.family == 6; }

    /// AF_INET or AF_INET6, for socket().
    [[nodiscard]] int family() const noexcept { return is_v6() ? AF_INET6 : AF_INET; }

    [[nodiscard]] const frl_address& raw() const noexcept { return raw_; }

    [[nodiscard]] std::string text() const {
        char buffer[INET6_ADDRSTRLEN] = {};
        inet_ntop(family(), raw_.bytes, buffer, sizeof(buffer));
        return buffer;
    }

    /// Fills a socket address and returns its length, for connect() and sendto().
    socklen_t to_sockaddr(std::uint16_t port, sockaddr_storage& out) const noexcept {
        out = sockaddr_storage{};
        if (is_v6()) {
            sockaddr_in6 v6{};
            v6.sin6_family = AF_INET6;
            v6.sin6_port = htons(port);
            std::memcpy(&v6.sin6_addr, raw_.bytes, sizeof(v6.sin6_addr));
            std::memcpy(&out, &v6, sizeof(v6));
            return sizeof(v6);
        }
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, raw_.bytes, sizeof(v4.sin_addr));
        std::memcpy(&out, &v4, sizeof(v4));
        return sizeof(v4);
    }

  private:
    frl_address raw_;
};

using addresses = result<std::vector<address>>;

/// Awaiter of resolve.
class resolve_wait final : public detail::answer_wait<addresses> {
  public:
    resolve_wait(std::string name, time_ns deadline)
        : answer_wait(deadline, 0)
        , name_(std::move(name)) {}

    [[nodiscard]] addresses await_resume() {
        if (asked() != FRL_OK) {
            return error("internal", "The host refused to resolve '" + name_ + "'.");
        }
        if (auto& got = answer()) {
            return std::move(*got);
        }
        if (status() == wait_status::cancelled) {
            return error::cancelled();
        }
        return error("resolve_timeout", "No answer from DNS for '" + name_ + "' in time.", true);
    }

  private:
    frl_status ask(block* arg) override {
        const auto& table = host().table();
        return host().require(table.resolve, "resolve")(table.ctx, str(name_), &resolve_wait::on_answer, arg);
    }

    static void on_answer(void* arg, frl_status status, const frl_address* list, std::uint32_t count,
                          frl_str message) noexcept {
        arrived(arg, [&](const block&) -> addresses {
            if (status != FRL_OK) {
                return error("resolve_failed", std::string(view(message)), true);
            }
            std::vector<address> found;
            found.reserve(count);
            for (std::uint32_t i = 0; i < count; ++i) {
                found.emplace_back(list[i]);
            }
            return found;
        });
    }

    std::string name_;
};

/// Resolves a host name or an address literal. Errors: resolve_failed with the resolver's reason, resolve_timeout,
/// cancelled.
[[nodiscard]] inline resolve_wait resolve(std::string name, time_ns deadline = never) {
    return {std::move(name), deadline};
}

} // namespace ferrule::sdk
