#include "net/http_engine.hpp"

#include "net/http_exchange.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace ferrule::net {

namespace {

constexpr std::size_t most_spare = 32;

} // namespace

struct http_client::engine::watched {
    engine* owner;
    curl_socket_t fd;
    std::uint64_t watch;
};

http_client::engine::engine(runtime::io& loop, http_client_settings wanted)
    : strand_(loop.make_strand())
    , settings_(std::move(wanted))
    , sockets_(strand_)
    , timer_(strand_) {}

http_client::engine::~engine() {
    if (multi_ == nullptr)
        return;
    for (const auto& each : exchanges_) {
        curl_multi_remove_handle(multi_, each.second->handle());
        curl_easy_cleanup(each.second->handle());
    }
    for (auto* each : spare_)
        curl_easy_cleanup(each);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    curl_multi_cleanup(multi_);
}

std::uint64_t http_client::engine::start(http_request request, asio::any_io_executor on, http_callback done) {
    const auto number = ++last_;
    auto made = std::make_unique<http_exchange>(number, std::move(request), std::move(on), std::move(done));
    asio::post(strand_,
               [self = shared_from_this(), made = std::move(made)]() mutable { self->begin(std::move(made)); });
    return number;
}

CURL* http_client::engine::take_handle() {
    if (spare_.empty())
        return curl_easy_init();
    auto* const out = spare_.back();
    spare_.pop_back();
    return out;
}

void http_client::engine::begin(std::unique_ptr<http_exchange> made) {
    if (closed_) {
        made->tell(error("cancelled", "the HTTP client has stopped"));
        return;
    }
    if (multi_ == nullptr) {
        multi_ = curl_multi_init();
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &engine::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &engine::on_timeout);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.pool));
        curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(settings_.max_connections));
        curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(settings_.max_per_host));
    }
    auto* const handle = take_handle();
    if (handle == nullptr || multi_ == nullptr) {
        made->tell(error("internal", "libcurl has no memory for another request", true));
        return;
    }
    auto& running = *(exchanges_[made->number()] = std::move(made));
    if (auto ready = running.prepare(handle, settings_); !ready) {
        end(running.number(), ready.error(), CURLE_OK);
        return;
    }
    if (const auto failed = curl_multi_add_handle(multi_, handle); failed != CURLM_OK)
        end(running.number(), error("internal", std::string("libcurl: ") + curl_multi_strerror(failed), true),
            CURLE_OK);
}

void http_client::engine::end(std::uint64_t number, std::optional<error> why, CURLcode code) {
    const auto found = exchanges_.find(number);
    if (found == exchanges_.end())
        return;
    const auto gone = std::move(found->second);
    exchanges_.erase(found);
    result<http_response> what = why ? result<http_response>(std::move(*why)) : gone->outcome(code);
    auto* const handle = gone->handle();
    curl_multi_remove_handle(multi_, handle);
    if (spare_.size() < most_spare) {
        curl_easy_reset(handle);
        spare_.push_back(handle);
    } else {
        curl_easy_cleanup(handle);
    }
    gone->tell(std::move(what));
}

void http_client::engine::cancel(std::uint64_t number) {
    asio::post(strand_, [self = shared_from_this(), number] {
        self->end(number, error("cancelled", "the HTTP request was cancelled"), CURLE_OK);
    });
}

void http_client::engine::close() {
    asio::dispatch(strand_, [self = shared_from_this()] {
        self->closed_ = true;
        while (!self->exchanges_.empty())
            self->end(self->exchanges_.begin()->first, error("cancelled", "the HTTP client has stopped"), CURLE_OK);
        self->timer_.cancel();
        self->sockets_.close();
        if (self->multi_ != nullptr) {
            curl_multi_setopt(self->multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
            curl_multi_setopt(self->multi_, CURLMOPT_TIMERFUNCTION, nullptr);
        }
    });
}

void http_client::engine::drive(curl_socket_t fd, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, fd, events, &running);
    collect();
}

void http_client::engine::collect() {
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        http_exchange* done = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &done);
        if (done != nullptr)
            end(done->number(), std::nullopt, message->data.result);
    }
}

int http_client::engine::on_socket(CURL* /*handle*/, curl_socket_t fd, int what, void* arg, void* /*mine*/) {
    auto& self = *static_cast<engine*>(arg);
    const auto known = self.watched_.find(fd);
    if (what == CURL_POLL_REMOVE) {
        if (known != self.watched_.end()) {
            self.sockets_.unwatch(known->second->watch);
            self.watched_.erase(known);
        }
        return 0;
    }
    const auto events = ((what & CURL_POLL_IN) != 0 ? poll_group::readable : 0U) |
                        ((what & CURL_POLL_OUT) != 0 ? poll_group::writable : 0U);
    if (known != self.watched_.end()) {
        self.sockets_.modify(known->second->watch, events);
    } else {
        auto made = std::make_unique<watched>(watched{&self, fd, 0});
        made->watch = self.sockets_.watch(fd, events, &engine::on_ready, made.get());
        self.watched_.emplace(fd, std::move(made));
    }
    return 0;
}

void http_client::engine::on_ready(void* arg, std::uint32_t events) {
    const auto* mine = static_cast<const watched*>(arg);
    auto& self = *mine->owner;
    const int bits = ((events & poll_group::readable) != 0 ? CURL_CSELECT_IN : 0) |
                     ((events & poll_group::writable) != 0 ? CURL_CSELECT_OUT : 0) |
                     ((events & poll_group::failed) != 0 ? CURL_CSELECT_ERR : 0);
    self.drive(mine->fd, bits);
}

// Comes from inside libcurl, which must not be entered again: the action is left to the timer, also for a wait of zero.
int http_client::engine::on_timeout(CURLM* /*multi*/, long wait_ms, void* arg) {
    auto& self = *static_cast<engine*>(arg);
    if (wait_ms < 0) {
        self.timer_.cancel();
        return 0;
    }
    self.timer_.expires_after(std::chrono::milliseconds(wait_ms));
    self.timer_.async_wait([held = self.weak_from_this()](const boost::system::error_code& ended) {
        const auto alive = held.lock();
        if (!ended && alive && !alive->closed_)
            alive->drive(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
}

} // namespace ferrule::net
