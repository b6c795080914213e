// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/outer_links.hpp"

#include "ssh/session/dial.hpp"
#include "ssh/session/forward.hpp"
#include "ssh/session/handshake.hpp"
#include "ssh/session/services.hpp"

namespace ferrule::ssh {

namespace {

/// Equal only for the same hosts, reached by the same way with the same logins and settings.
std::string key_of(const std::vector<hop>& hops, std::size_t count, const std::vector<credential>& logins) {
    std::string key;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& o = hops[i].options;
        key += hops[i].name() + '\n' + logins[i].identity + '\n' + std::to_string(static_cast<int>(o.policy)) + '\n' +
               o.known_hosts + '\n' + o.algos.kex + '\n' + o.algos.host_key + '\n' + o.algos.ciphers + '\n' +
               o.algos.macs + '\n' + o.algos.public_key + '\n' + o.agent + '\n';
        for (const auto& k : o.host_keys) {
            key += k + '\n';
        }
    }
    return key;
}

sdk::error at_jump_host(const sdk::error& why) {
    return {why.code(), "Jump host: " + why.message(), why.retryable(), why.details()};
}

} // namespace

/// Says that a connection is being set up until it is, or until the coroutine that does it is gone.
class outer_links::connecting_mark {
  public:
    explicit connecting_mark(std::shared_ptr<entry> of)
        : of_(std::move(of)) {
        of_->connecting = true;
    }

    connecting_mark(const connecting_mark&) = delete;
    connecting_mark& operator=(const connecting_mark&) = delete;

    ~connecting_mark() {
        of_->connecting = false;
        of_->changed.set();
        of_->changed.reset();
    }

  private:
    std::shared_ptr<entry> of_;
};

sdk::task<sdk::result<std::shared_ptr<link>>> outer_links::get(services& with, const std::vector<hop>& hops,
                                                               std::size_t count, const std::vector<credential>& logins,
                                                               connect_times times) {
    std::erase_if(entries_, [](const auto& item) {
        return !item.second->connecting && item.second->connection.expired() && item.second.use_count() == 1;
    });
    auto& slot = entries_[key_of(hops, count, logins)];
    if (slot == nullptr) {
        slot = std::make_shared<entry>();
    }
    const auto mine = slot;
    for (;;) {
        if (auto there = mine->connection.lock(); there != nullptr && !there->closed()) {
            co_return there;
        }
        if (!mine->connecting) {
            break;
        }
        const auto how = co_await mine->changed.wait(times.connect);
        if (how == sdk::wait_status::cancelled) {
            co_return sdk::error::cancelled();
        }
        if (how == sdk::wait_status::timed_out) {
            co_return sdk::error("connect_timeout",
                                 "Jump host: " + hops[count - 1].name() + " could not be reached in time.", true);
        }
    }
    const connecting_mark mark(mine);
    const auto& jump = hops[count - 1];
    auto path = co_await way_to(with, hops, count - 1, logins, times);
    if (!path) {
        co_return at_jump_host(path.error());
    }
    auto connected = co_await handshake(with, jump, logins[count - 1], path->fd, std::move(path->carrier), times);
    if (!connected) {
        co_return at_jump_host(connected.error());
    }
    mine->connection = *connected;
    co_return connected;
}

sdk::task<sdk::result<way>> outer_links::way_to(services& with, const std::vector<hop>& hops, std::size_t index,
                                                const std::vector<credential>& logins, connect_times times) {
    const auto& to = hops[index];
    if (index == 0) {
        auto fd = co_await dial(with.home, to.host, to.port, to.name(), times.connect);
        if (!fd) {
            co_return fd.error();
        }
        way direct;
        direct.fd = *fd;
        co_return direct;
    }
    auto outer = co_await get(with, hops, index, logins, times);
    if (!outer) {
        co_return outer.error();
    }
    auto opened = co_await forward::open(with.home, *outer, to.host, to.port,
                                         to.name() + " (through " + hops[index - 1].name() + ")", times.connect);
    if (!opened) {
        co_return opened.error();
    }
    way through_jump;
    through_jump.fd = (*opened)->take_fd();
    through_jump.carrier = *opened;
    co_return through_jump;
}

} // namespace ferrule::ssh
