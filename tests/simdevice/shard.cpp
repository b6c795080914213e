#include "simdevice/shard.hpp"

#include "simdevice/pending_forward.hpp"

#include <cerrno>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ferrule::simdevice {

void shard::adopt(device& target, int fd) {
    auto made = std::make_unique<connection>(*this, loop_, target, fd);
    auto& here = *made;
    connections_.emplace(&here, std::move(made));
    here.begin();
}

void shard::over(connection& which) {
    const auto place = connections_.find(&which);
    if (place != connections_.end()) {
        loop_.dispose(std::move(place->second)); // it may be the caller
        connections_.erase(place);
    }
}

std::vector<connection*> shard::of(const device* target) const {
    std::vector<connection*> found;
    for (const auto& [pointer, owned] : connections_) {
        if (target == nullptr || &pointer->target() == target) {
            found.push_back(pointer);
        }
    }
    return found;
}

void shard::drop_all(const device* target, bool reset, const std::string& why) {
    for (auto* item : of(target)) {
        item->drop(reset, why);
    }
}

void shard::set_frozen(const device& target, bool frozen) {
    for (auto* item : of(&target)) {
        item->set_frozen(frozen);
    }
}

listener::listener(device& target, reactor& loop, std::vector<std::unique_ptr<shard>>& shards)
    : device_(target)
    , loop_(loop)
    , shards_(shards) {
    listen();
}

listener::~listener() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

void listener::listen() {
    const auto& spec = device_.spec();
    const auto port = device_.port != 0 ? device_.port.load() : spec.port;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (inet_pton(AF_INET, spec.address.c_str(), &address.sin_addr) != 1) {
        throw std::system_error(EINVAL, std::generic_category(),
                                "device '" + spec.name + "': address '" + spec.address + "' is not an IPv4 address");
    }
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    if (fd_ < 0 || bind(fd_, generic, length) != 0 || ::listen(fd_, 4096) != 0 ||
        getsockname(fd_, generic, &length) != 0) {
        throw std::system_error(errno, std::generic_category(),
                                "device '" + spec.name + "' cannot listen on " + spec.address + ":" +
                                    std::to_string(port));
    }
    device_.port = ntohs(address.sin_port);
}

void listener::open() {
    if (fd_ < 0) {
        listen();
    }
    loop_.watch(fd_, EPOLLIN, *this);
}

void listener::close() {
    if (fd_ >= 0) {
        loop_.forget(fd_, *this);
        ::close(fd_);
        fd_ = -1;
    }
}

void listener::on_ready(std::uint32_t) {
    while (true) {
        const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto& chosen = *shards_[next_++ % shards_.size()];
        if (chosen.loop().in_thread()) {
            chosen.adopt(device_, fd);
        } else {
            chosen.loop().post([this, &chosen, fd] { chosen.adopt(device_, fd); });
        }
    }
}

} // namespace ferrule::simdevice
