#include "net/web_socket.hpp"

#include "net/listen_address.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <mutex>
#include <vector>

namespace ferrule::net {

namespace websocket = boost::beast::websocket;
using boost::system::error_code;

namespace {

constexpr std::string_view target = "/fleet";

error lost(const error_code& why) {
    if (why == websocket::error::message_too_big)
        return error("message_too_large", "the peer sent a message beyond the limit");
    if (why == websocket::error::closed)
        return error("closed", "the peer closed the connection", true);
    if (why.category() == error_code(websocket::error::closed).category())
        return error("protocol_error", "the peer broke the WebSocket protocol: " + why.message());
    if (why == asio::error::eof || why == asio::ssl::error::stream_truncated)
        return error("connection_lost", "the peer ended the connection", true);
    return error("connection_lost", "the connection was lost: " + why.message(), true);
}

class open_web_socket final : public web_socket {
  public:
    open_web_socket(std::shared_ptr<tls_stream> over, web_socket_limits limits)
        : over_(std::move(over))
        , stream_(*over_)
        , limits_(limits) {
        stream_.read_message_max(limits_.message);
        stream_.auto_fragment(false);
        stream_.text(true);
        stream_.control_callback([this](websocket::frame_type what, boost::beast::string_view) {
            if (what != websocket::frame_type::close && on_alive_)
                on_alive_();
        });
        error_code failed;
        if (const auto from = over_->socket().remote_endpoint(failed); !failed)
            address_ = to_text(without_mapping(from));
    }

    websocket::stream<tls_stream&, false>& stream() { return stream_; }

    void ready() {
        peer_ = over_->peer();
        if (!peer_)
            stream_.read_message_max(std::min(limits_.message, limits_.message_of_stranger));
        over_->forget_handshake();
    }

    asio::awaitable<result<std::string>> read() override {
        const auto self = shared_from_this();
        std::string message;
        auto buffer = asio::dynamic_buffer(message);
        error_code failed;
        co_await stream_.async_read(buffer, asio::redirect_error(asio::use_awaitable, failed));
        if (failed)
            co_return lost(failed);
        if (!stream_.got_text())
            co_return error("protocol_error", "the peer sent a binary message");
        co_return message;
    }

    bool send(shared_text message) override {
        const std::lock_guard lock(mutex_);
        if (ending_ || bytes_ + message->size() > limits_.queue_bytes || queue_.size() >= limits_.queue_messages)
            return false;
        bytes_ += message->size();
        queue_.push_back(std::move(message));
        begin_writing();
        return true;
    }

    void ping() override {
        if (pinging_ || !over_->socket().is_open())
            return;
        pinging_ = true;
        stream_.async_ping({}, [self = self_()](const error_code&) { self->pinging_ = false; });
    }

    void on_alive(std::function<void()> hear) override { on_alive_ = std::move(hear); }

    void close(std::string reason) override {
        const std::lock_guard lock(mutex_);
        if (ending_)
            return;
        ending_ = true;
        reason_ = std::move(reason);
        begin_writing();
    }

    void cut_off() override {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        asio::post(get_executor(), [self = self_()] { self->over_->close(); });
    }

    asio::any_io_executor get_executor() override { return over_->get_executor(); }

    [[nodiscard]] std::size_t waiting() const override {
        const std::lock_guard lock(mutex_);
        return bytes_;
    }

    [[nodiscard]] const std::optional<certificate_facts>& peer() const override { return peer_; }

    [[nodiscard]] const std::string& address() const override { return address_; }

    [[nodiscard]] std::string closed_because() const override {
        const auto& reason = stream_.reason().reason;
        return {reason.data(), reason.size()};
    }

  private:
    std::shared_ptr<open_web_socket> self_() { return std::static_pointer_cast<open_web_socket>(shared_from_this()); }

    static asio::ip::tcp::endpoint without_mapping(asio::ip::tcp::endpoint from) {
        const auto address = from.address();
        if (address.is_v6() && address.to_v6().is_v4_mapped()) // seen through a dual-stack listener
            from.address(asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()));
        return from;
    }

    // With the lock held.
    void begin_writing() {
        if (writing_)
            return;
        writing_ = true;
        asio::post(get_executor(), [self = self_()] { self->write_next(); });
    }

    void write_next() {
        std::unique_lock lock(mutex_);
        if (written_ < queue_.size()) {
            const auto message = queue_[written_];
            lock.unlock();
            stream_.async_write(asio::buffer(*message),
                                [self = self_(), message](const error_code& failed, std::size_t) {
                                    self->wrote(message->size(), failed);
                                });
            return;
        }
        queue_ = {}; // an idle connection keeps no room
        written_ = 0;
        if (!ending_ || closing_) {
            writing_ = false;
            return;
        }
        closing_ = true;
        websocket::close_reason why(websocket::close_code::normal);
        why.reason.assign(reason_.data(), std::min(reason_.size(), why.reason.max_size()));
        lock.unlock();
        stream_.async_close(why, [self = self_()](const error_code&) { self->over_->close(); });
    }

    void wrote(std::size_t size, const error_code& failed) {
        {
            const std::lock_guard lock(mutex_);
            bytes_ -= size;
            ++written_;
            if (failed) {
                ending_ = closing_ = true;
                queue_ = {};
                written_ = bytes_ = 0;
            } else if (written_ >= 256 && written_ * 2 > queue_.size()) {
                queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(written_));
                written_ = 0;
            }
        }
        if (failed)
            over_->close(); // the reader sees it too
        write_next();
    }

    std::shared_ptr<tls_stream> over_;
    websocket::stream<tls_stream&, false> stream_;
    const web_socket_limits limits_;
    std::optional<certificate_facts> peer_;
    std::string address_;
    std::function<void()> on_alive_;
    bool pinging_ = false;

    mutable std::mutex mutex_; ///< For what follows.
    std::vector<shared_text> queue_;
    std::size_t written_ = 0; ///< So many of the queue have gone out.
    std::size_t bytes_ = 0;
    std::string reason_;
    bool writing_ = false;
    bool ending_ = false;
    bool closing_ = false;
};

error tls_failed(const tls_stream& over, const error_code& why) {
    if (over.refused())
        return error("certificate_refused",
                     "the certificate of " +
                         (over.refused()->whose.name.empty() ? "the peer" : over.refused()->whose.name) +
                         " is refused: " + over.refused()->reason);
    return tls_error(why, "the TLS handshake failed");
}

} // namespace

asio::awaitable<result<std::shared_ptr<web_socket>>> accept_web_socket(std::shared_ptr<tls_stream> over,
                                                                       web_socket_limits limits) {
    error_code failed;
    co_await over->async_handshake(asio::redirect_error(asio::use_awaitable, failed));
    if (failed)
        co_return tls_failed(*over, failed);
    auto made = std::make_shared<open_web_socket>(over, limits);
    co_await made->stream().async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed)
        co_return error("upgrade_failed", "the peer did not ask for a WebSocket: " + failed.message());
    made->ready();
    co_return std::shared_ptr<web_socket>(std::move(made));
}

asio::awaitable<result<std::shared_ptr<web_socket>>> upgrade_to_web_socket(std::shared_ptr<tls_stream> over,
                                                                           std::string host, web_socket_limits limits) {
    error_code failed;
    co_await over->async_handshake(asio::redirect_error(asio::use_awaitable, failed));
    if (failed)
        co_return tls_failed(*over, failed);
    auto made = std::make_shared<open_web_socket>(over, limits);
    // With TLS 1.3 a server's refusal of our certificate shows here at the earliest.
    co_await made->stream().async_handshake(host, std::string(target),
                                            asio::redirect_error(asio::use_awaitable, failed));
    if (failed == websocket::error::upgrade_declined)
        co_return error("upgrade_failed", "what answers there is no controller: it declines the WebSocket");
    if (failed)
        co_return tls_error(failed, "the controller ended the handshake");
    made->ready();
    co_return std::shared_ptr<web_socket>(std::move(made));
}

} // namespace ferrule::net
