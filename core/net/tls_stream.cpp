#include "net/tls_stream.hpp"

#include <boost/asio/ssl/error.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

namespace ferrule::net {

/// What only the handshake needs; heap, so that OpenSSL's pointer to it survives a move of the stream.
struct tls_stream::handshake_state {
    certificate_judge judge;
    std::optional<refusal> refused;
};

namespace {

// SSL_get_error looks at both, and others on this thread may have left something there.
void prepare_for_outcome() noexcept {
    ERR_clear_error();
    errno = 0;
}

int state_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

// OpenSSL writes to the socket without MSG_NOSIGNAL.
void ignore_broken_pipes() {
    static const bool once = [] {
        struct sigaction now {};

        if (::sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
            std::signal(SIGPIPE, SIG_IGN);
        return true;
    }();
    static_cast<void>(once);
}

} // namespace

tls_stream::tls_stream(asio::ip::tcp::socket socket, tls_context context, side as)
    : socket_(std::move(socket))
    , context_(std::move(context))
    , handshake_(std::make_unique<handshake_state>()) {
    ignore_broken_pipes();
    error_code ignored;
    socket_.native_non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    ssl_ = SSL_new(context_->native_handle());
    if (ssl_ == nullptr || SSL_set_fd(ssl_, socket_.native_handle()) != 1 ||
        SSL_set_ex_data(ssl_, state_index(), handshake_.get()) != 1) {
        SSL_free(ssl_);
        throw std::bad_alloc();
    }
    SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (as == side::client)
        SSL_set_connect_state(ssl_);
    else
        SSL_set_accept_state(ssl_);
    const auto verify = [](int good, X509_STORE_CTX* chain) {
        auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto* const state = static_cast<handshake_state*>(SSL_get_ex_data(ssl, state_index()));
        const auto depth = X509_STORE_CTX_get_error_depth(chain);
        if (good == 1 && (depth != 0 || !state->judge))
            return 1;
        refusal found;
        found.whose = facts_of(X509_STORE_CTX_get0_cert(chain));
        if (good == 1) {
            auto why = state->judge(found.whose);
            if (!why)
                return 1;
            found.reason = std::move(*why);
            X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REVOKED);
        } else {
            found.whose = fit_to_show(std::move(found.whose));
            found.reason = X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain));
        }
        state->refused = std::move(found);
        return 0;
    };
    SSL_set_verify(ssl_, SSL_get_verify_mode(ssl_), verify);
}

tls_stream::tls_stream(tls_stream&& other) noexcept
    : socket_(std::move(other.socket_))
    , context_(std::move(other.context_))
    , ssl_(std::exchange(other.ssl_, nullptr))
    , handshake_(std::move(other.handshake_)) {}

tls_stream::~tls_stream() {
    SSL_free(ssl_);
}

void tls_stream::judge_peer(certificate_judge judge) {
    handshake_->judge = std::move(judge);
}

std::optional<certificate_facts> tls_stream::peer() const {
    const auto* shown = SSL_get0_peer_certificate(ssl_);
    if (shown == nullptr)
        return std::nullopt;
    return facts_of(shown);
}

const std::optional<tls_stream::refusal>& tls_stream::refused() const noexcept {
    static const std::optional<refusal> none;
    return handshake_ ? handshake_->refused : none;
}

void tls_stream::forget_handshake() noexcept {
    SSL_set_ex_data(ssl_, state_index(), nullptr);
    handshake_.reset();
}

asio::mutable_buffer tls_stream::gathering_room() {
    thread_local std::array<char, gathered_most> room;
    return asio::buffer(room);
}

tls_stream::progress tls_stream::after(int outcome) {
    const int system = errno;
    progress made;
    if (outcome > 0)
        return made;
    switch (SSL_get_error(ssl_, outcome)) {
    case SSL_ERROR_WANT_READ:
        made.next = wait::readable;
        break;
    case SSL_ERROR_WANT_WRITE:
        made.next = wait::writable;
        break;
    case SSL_ERROR_ZERO_RETURN:
        made.failed = asio::error::eof;
        break;
    case SSL_ERROR_SYSCALL:
        made.failed = system == 0 ? error_code(asio::ssl::error::stream_truncated)
                                  : error_code(system, boost::system::system_category());
        break;
    default: {
        const auto why = ERR_peek_error();
        made.failed = ERR_GET_REASON(why) == SSL_R_UNEXPECTED_EOF_WHILE_READING
                          ? error_code(asio::ssl::error::stream_truncated)
                          : error_code(static_cast<int>(why), asio::error::get_ssl_category());
    }
    }
    ERR_clear_error();
    return made;
}

// OpenSSL knows the descriptor by its number, which after a close may be anybody's.
tls_stream::progress tls_stream::closed() {
    progress made;
    made.failed = asio::error::operation_aborted;
    return made;
}

tls_stream::progress tls_stream::try_handshake() {
    if (!socket_.is_open())
        return closed();
    prepare_for_outcome();
    return after(SSL_do_handshake(ssl_));
}

tls_stream::progress tls_stream::try_read(asio::mutable_buffer into) {
    if (!socket_.is_open())
        return closed();
    if (into.size() == 0)
        return {};
    prepare_for_outcome();
    const int got = SSL_read(ssl_, into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX)));
    auto made = after(got);
    made.bytes = got > 0 ? static_cast<std::size_t>(got) : 0;
    return made;
}

tls_stream::progress tls_stream::try_write(asio::const_buffer from) {
    if (!socket_.is_open())
        return closed();
    if (from.size() == 0)
        return {};
    prepare_for_outcome();
    const int put = SSL_write(ssl_, from.data(), static_cast<int>(std::min<std::size_t>(from.size(), INT_MAX)));
    auto made = after(put);
    made.bytes = put > 0 ? static_cast<std::size_t>(put) : 0;
    return made;
}

tls_stream::progress tls_stream::try_shutdown() {
    progress made;
    if (!socket_.is_open())
        return closed();
    if (SSL_is_init_finished(ssl_) == 1) {
        prepare_for_outcome();
        const int outcome = SSL_shutdown(ssl_);
        made = after(outcome < 0 ? outcome : 1);
        if (made.next == wait::writable)
            return made;
        made.next = wait::nothing; // the peer's own farewell is not waited for
    }
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    return made;
}

void tls_stream::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

error tls_error(const boost::system::error_code& why, std::string_view what) {
    const std::string begin = std::string(what) + ": ";
    if (why.category() != asio::error::get_ssl_category())
        return error("tls_failed", begin + why.message(), true);
    const auto alert = ERR_GET_REASON(static_cast<unsigned long>(why.value())) - SSL_AD_REASON_OFFSET;
    switch (alert) {
    case SSL_AD_CERTIFICATE_REVOKED:
        return error("certificate_revoked", begin + "the peer says that our certificate is revoked or superseded");
    case SSL_AD_CERTIFICATE_EXPIRED:
        return error("certificate_expired", begin + "the peer says that our certificate has expired");
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_DECRYPT_ERROR:
        return error("certificate_unknown", begin + "the peer does not know who signed our certificate");
    default:
        return error("tls_failed", begin + why.message(), true);
    }
}

void teardown(boost::beast::role_type, tls_stream& stream, boost::system::error_code& failed) {
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_both, failed);
}

} // namespace ferrule::net
