// SPDX-License-Identifier: Apache-2.0
#include "common/stream.hpp"

#include "common/sockets.hpp"

#include <ferrule/sdk/timer.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ferrule::probes {

namespace {

constexpr std::size_t turn = 65536; // bytes that one connection moves before the others have their turn

} // namespace

stream::stream(sdk::strand& home, sdk::time_ns deadline, std::string limit)
    : home_(&home)
    , deadline_(deadline)
    , limit_(std::move(limit)) {}

stream::~stream() {
    close(closing::reset);
}

sdk::task<maybe_fault> stream::connect(std::vector<sdk::address> candidates, std::uint16_t port, route_settings route) {
    maybe_fault failed;
    for (const auto& candidate : candidates) {
        watch_.reset();
        peer_.emplace(candidate, port);
        auto opened = open_socket(SOCK_STREAM, *peer_, route);
        if (opened) {
            socket_ = std::move(*opened);
            failed = co_await connect_one();
        } else {
            failed = opened.why();
        }
        if (!failed || !failed->family_unusable()) {
            break;
        }
    }
    co_return failed;
}

sdk::task<maybe_fault> stream::connect_one() {
    const auto begun = begin_connect(socket_.get(), *peer_);
    watch_.emplace(*home_, socket_.get());
    if (!begun) {
        co_return begun.why();
    }
    if (*begun == connect_status::in_progress) {
        const auto waited = co_await watch_->writable(deadline_);
        if (!waited.ready()) {
            co_return wait_fault(waited.status, sdk::probe_phase::connect,
                                 peer_->text() + ": timed out; no answer to the connection request within " + limit_ +
                                     ".");
        }
        if (auto failed = finish_connect(socket_.get(), *peer_)) {
            co_return failed;
        }
    }
    const int yes = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    co_return std::nullopt;
}

sdk::task<maybe_fault> stream::wait_for(tls_need need, sdk::probe_phase phase, std::string_view waiting_for) {
    const std::uint32_t events = need == tls_need::to_write ? FRL_FD_WRITE : FRL_FD_READ;
    const auto waited = co_await watch_->ready(events, deadline_);
    if (!waited.ready()) {
        co_return wait_fault(waited.status, phase, late(waiting_for));
    }
    co_return std::nullopt;
}

std::string stream::late(std::string_view waiting_for) const {
    return peer_->text() + ": timed out; no " + std::string(waiting_for) + " within " + limit_ + ".";
}

// A peer that is never slower than this end would never make it wait, so that neither the deadline nor a cancellation
// nor another coroutine got a chance.
sdk::task<maybe_fault> stream::take_turn(sdk::probe_phase phase, std::string_view waiting_for) {
    const auto now = home_->host().now();
    if (now >= deadline_) {
        co_return fault(phase, late(waiting_for));
    }
    if (moved_ < turn) {
        co_return std::nullopt;
    }
    moved_ = 0;
    const auto status = co_await sdk::sleep_until(now);
    if (status == sdk::wait_status::cancelled) {
        co_return fault::cancelled();
    }
    co_return std::nullopt;
}

sdk::task<maybe_fault> stream::start_tls(tls_context context, const tls_settings& how, std::string host) {
    tls_ = std::make_unique<tls_session>(std::move(context), how, host, socket_.get());
    while (true) {
        const auto need = tls_->handshake();
        if (need == tls_need::nothing) {
            co_return std::nullopt;
        }
        if (need == tls_need::failed || need == tls_need::ended) {
            co_return tls_->why(sdk::probe_phase::tls, peer_->text());
        }
        auto failed = co_await wait_for(need, sdk::probe_phase::tls, "answer to the TLS handshake");
        if (failed) {
            co_return failed;
        }
    }
}

sdk::task<maybe_fault> stream::write(std::string_view data) {
    constexpr std::string_view waiting_for = "readiness of the peer to take more";
    while (!data.empty()) {
        auto failed = co_await take_turn(sdk::probe_phase::request, waiting_for);
        if (failed) {
            co_return failed;
        }
        std::size_t written = 0;
        auto need = tls_need::nothing;
        if (tls_ != nullptr) {
            need = tls_->write(data, written);
            if (need == tls_need::failed || need == tls_need::ended) {
                co_return tls_->why(sdk::probe_phase::request, peer_->text());
            }
        } else {
            const auto sent = ::send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
            if (sent >= 0) {
                written = static_cast<std::size_t>(sent);
            } else if (errno == EAGAIN) {
                need = tls_need::to_write;
            } else if (errno != EINTR) {
                co_return peer_fault(errno, sdk::probe_phase::request, peer_->text());
            }
        }
        data.remove_prefix(written);
        moved_ += written;
        if (need != tls_need::nothing) {
            failed = co_await wait_for(need, sdk::probe_phase::request, waiting_for);
            if (failed) {
                co_return failed;
            }
        }
    }
    co_return std::nullopt;
}

sdk::task<outcome<bool>> stream::read(std::string& into, std::size_t most, std::string_view waiting_for) {
    std::array<char, 4096> buffer; // NOLINT: filled by the read
    const auto size = std::min(most, buffer.size());
    while (true) {
        auto failed = co_await take_turn(sdk::probe_phase::answer, waiting_for);
        if (failed) {
            co_return std::move(*failed);
        }
        std::size_t got = 0;
        auto need = tls_need::to_read;
        if (tls_ != nullptr) {
            need = tls_->read(buffer.data(), size, got);
            if (need == tls_need::failed) {
                co_return tls_->why(sdk::probe_phase::answer, peer_->text());
            }
        } else {
            const auto count = ::recv(socket_.get(), buffer.data(), size, 0);
            if (count >= 0) {
                got = static_cast<std::size_t>(count);
                need = got == 0 ? tls_need::ended : tls_need::nothing;
            } else if (errno != EAGAIN && errno != EINTR) {
                co_return peer_fault(errno, sdk::probe_phase::answer, peer_->text());
            }
        }
        if (need == tls_need::nothing || need == tls_need::ended) {
            into.append(buffer.data(), got);
            moved_ += got;
            co_return need == tls_need::ended;
        }
        failed = co_await wait_for(need, sdk::probe_phase::answer, waiting_for);
        if (failed) {
            co_return std::move(*failed);
        }
    }
}

std::optional<double> stream::kernel_rtt_ms() const {
    tcp_info about{};
    socklen_t size = sizeof(about);
    if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &about, &size) != 0 || about.tcpi_rtt == 0) {
        return std::nullopt;
    }
    return about.tcpi_rtt / 1000.0;
}

void stream::close(closing how) {
    watch_.reset();
    if (!socket_) {
        return;
    }
    if (how == closing::reset) {
        const linger at_once{1, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    } else if (tls_ != nullptr) {
        tls_->close();
    }
    socket_.reset();
}

} // namespace ferrule::probes
