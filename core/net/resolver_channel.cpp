#include "net/resolver_channel.hpp"

#include "base/strings.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <utility>

namespace ferrule::net {

struct resolver::channel::query {
    query(runtime::strand& on, std::string what, asio::any_io_executor where, resolve_callback then)
        : limit(on)
        , name(std::move(what))
        , executor(std::move(where))
        , done(std::move(then)) {}

    asio::steady_timer limit;
    std::string name;
    asio::any_io_executor executor;
    resolve_callback done;
};

struct resolver::channel::watched {
    channel* owner;
    ares_socket_t fd;
    std::uint64_t watch;
};

namespace {

/// Travels through c-ares as the argument of one query.
struct ticket {
    resolver::channel* owner;
    std::uint64_t number;
};

timespec configuration_time() noexcept {
    struct stat info {};

    return ::stat("/etc/resolv.conf", &info) == 0 ? info.st_mtim : timespec{};
}

bool same(const timespec& left, const timespec& right) noexcept {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

error failure_of(const std::string& name, int status) {
    switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
        return error("name_not_found", "the name '" + name + "' has no address in the hosts file or in DNS");
    case ARES_ETIMEOUT:
        return error("resolve_timeout", "no name server answered for '" + name + "' in time", true);
    case ARES_EBADNAME:
        return error("invalid_host_name", "'" + name + "' is not a host name");
    default:
        return error("resolve_failed", "looking up '" + name + "' failed: " + ares_strerror(status), true);
    }
}

addresses read(const ares_addrinfo* found) {
    addresses out;
    for (const auto* node = found->nodes; node != nullptr; node = node->ai_next) {
        if (node->ai_family == AF_INET) {
            const auto* raw = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
            out.emplace_back(asio::ip::address_v4(ntohl(raw->sin_addr.s_addr)));
        } else if (node->ai_family == AF_INET6) {
            const auto* raw = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
            asio::ip::address_v6::bytes_type bytes;
            std::copy(std::begin(raw->sin6_addr.s6_addr), std::end(raw->sin6_addr.s6_addr), bytes.begin());
            out.emplace_back(asio::ip::address_v6(bytes, raw->sin6_scope_id));
        }
    }
    return out;
}

} // namespace

resolver::channel::channel(runtime::io& loop, resolver_settings wanted)
    : strand_(loop.make_strand())
    , settings_(std::move(wanted))
    , sockets_(strand_)
    , timer_(strand_) {}

resolver::channel::~channel() {
    if (channel_ != nullptr)
        ares_destroy(channel_);
}

// A channel is made with the first query and again when the system's configuration has changed and none is running.
result<void> resolver::channel::open() {
    const auto now = settings_.servers.empty() ? configuration_time() : timespec{};
    if (channel_ != nullptr && (same(now, configured_) || asking_ != 0))
        return ok();
    if (channel_ != nullptr) {
        ares_destroy(channel_);
        channel_ = nullptr;
    }
    std::string order = "fb";
    ares_options wanted{};
    wanted.timeout = static_cast<int>(settings_.try_timeout / std::chrono::milliseconds(1));
    wanted.tries = settings_.tries;
    wanted.lookups = order.data();
    wanted.sock_state_cb = &channel::on_socket;
    wanted.sock_state_cb_data = this;
    auto status = ares_init_options(&channel_, &wanted,
                                    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) {
        channel_ = nullptr;
        return error("resolve_failed", std::string("the resolver could not start: ") + ares_strerror(status), true);
    }
    if (!settings_.servers.empty())
        status = ares_set_servers_ports_csv(channel_, base::join(settings_.servers, ",").c_str());
    if (status != ARES_SUCCESS)
        return error("resolve_failed", std::string("the name servers are not usable: ") + ares_strerror(status));
    configured_ = now;
    return ok();
}

std::uint64_t resolver::channel::start(std::string name, asio::any_io_executor on, resolve_callback done) {
    const auto number = ++last_;
    boost::system::error_code no_literal;
    const auto literal = asio::ip::make_address(name, no_literal);
    // Asio takes an interface that is not there for none, and the address may be somebody else's on another link.
    if (!no_literal && literal.is_v6() && literal.to_v6().scope_id() == 0 && name.find('%') != std::string::npos) {
        error why("invalid_host_name",
                  "'" + name + "': this machine has no interface '" + name.substr(name.find('%') + 1) + "'");
        asio::post(on, [done = std::move(done), why = std::move(why)] { done(why); });
        return number;
    }
    if (!no_literal) {
        asio::post(on, [done = std::move(done), literal] { done(addresses{literal}); });
        return number;
    }
    if (name.empty() || name.size() > 253 || name.find('\0') != std::string::npos) {
        error why("invalid_host_name", "'" + name.substr(0, 300) + "' is not a host name");
        asio::post(on, [done = std::move(done), why = std::move(why)] { done(why); });
        return number;
    }
    auto made = std::make_shared<std::unique_ptr<query>>(
        std::make_unique<query>(strand_, std::move(name), std::move(on), std::move(done)));
    asio::dispatch(strand_, [self = shared_from_this(), number, made] {
        const auto asked = (*made)->name;
        self->queries_.emplace(number, std::move(*made));
        self->begin(number, asked);
    });
    return number;
}

void resolver::channel::begin(std::uint64_t number, const std::string& name) {
    if (closed_) {
        finish(number, error("cancelled", "the resolver has stopped"));
        return;
    }
    if (auto opened = open(); !opened) {
        finish(number, opened.error());
        return;
    }
    auto& limit = queries_.at(number)->limit;
    limit.expires_after(settings_.total_timeout);
    limit.async_wait([self = shared_from_this(), number, name](const boost::system::error_code& ended) {
        if (!ended)
            self->finish(number, failure_of(name, ARES_ETIMEOUT));
    });
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    ++asking_;
    ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &channel::on_answer, new ticket{this, number});
    arm();
}

void resolver::channel::on_answer(void* arg, int status, int /*timeouts*/, ares_addrinfo* found) {
    const std::unique_ptr<ticket> mine(static_cast<ticket*>(arg));
    auto& self = *mine->owner;
    --self.asking_;
    addresses got;
    if (status == ARES_SUCCESS)
        got = read(found);
    if (found != nullptr)
        ares_freeaddrinfo(found);
    const auto known = self.queries_.find(mine->number);
    if (known == self.queries_.end())
        return;
    if (got.empty())
        self.finish(mine->number, failure_of(known->second->name, status == ARES_SUCCESS ? ARES_ENODATA : status));
    else
        self.finish(mine->number, std::move(got));
}

void resolver::channel::finish(std::uint64_t number, result<addresses> outcome) {
    const auto found = queries_.find(number);
    if (found == queries_.end())
        return;
    auto ended = std::move(found->second);
    queries_.erase(found);
    asio::post(ended->executor,
               [done = std::move(ended->done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
}

void resolver::channel::cancel(std::uint64_t number) {
    asio::post(strand_, [self = shared_from_this(), number] {
        self->finish(number, error("cancelled", "the look-up was cancelled"));
    });
}

void resolver::channel::close() {
    asio::dispatch(strand_, [self = shared_from_this()] {
        self->closed_ = true;
        self->timer_.cancel();
        while (!self->queries_.empty())
            self->finish(self->queries_.begin()->first, error("cancelled", "the resolver has stopped"));
        if (self->channel_ != nullptr) {
            ares_destroy(self->channel_);
            self->channel_ = nullptr;
        }
        self->sockets_.close();
    });
}

void resolver::channel::arm() {
    timeval room{};
    if (closed_ || channel_ == nullptr || asking_ == 0 || ares_timeout(channel_, nullptr, &room) == nullptr) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::chrono::seconds(room.tv_sec) + std::chrono::microseconds(room.tv_usec));
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& ended) {
        if (ended || self->closed_ || self->channel_ == nullptr)
            return;
        ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
        self->arm();
    });
}

void resolver::channel::on_socket(void* arg, ares_socket_t fd, int reads, int writes) {
    auto& self = *static_cast<channel*>(arg);
    const auto known = self.watched_.find(fd);
    const auto events = (reads != 0 ? poll_group::readable : 0U) | (writes != 0 ? poll_group::writable : 0U);
    if (events == 0) {
        if (known != self.watched_.end()) {
            self.sockets_.unwatch(known->second->watch);
            self.watched_.erase(known);
        }
    } else if (known != self.watched_.end()) {
        self.sockets_.modify(known->second->watch, events);
    } else {
        auto made = std::make_unique<watched>(watched{&self, fd, 0});
        made->watch = self.sockets_.watch(fd, events, &channel::on_ready, made.get());
        self.watched_.emplace(fd, std::move(made));
    }
}

void resolver::channel::on_ready(void* arg, std::uint32_t events) {
    const auto* mine = static_cast<const watched*>(arg);
    auto& self = *mine->owner;
    const auto fd = mine->fd;
    const bool reads = (events & (poll_group::readable | poll_group::failed)) != 0;
    const bool writes = (events & poll_group::writable) != 0;
    ares_process_fd(self.channel_, reads ? fd : ARES_SOCKET_BAD, writes ? fd : ARES_SOCKET_BAD);
    self.arm();
}

} // namespace ferrule::net
