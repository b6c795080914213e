#include "http/connection.hpp"

#include "http/connection_reading.ipp"
#include "http/connection_writing.ipp"

#include "runtime/spawn.hpp"

#include <boost/asio/write.hpp>

namespace ferrule::http {

void serve_plain(std::shared_ptr<server_state> shared, any_socket socket, std::string peer, runtime::gate::pass pass) {
    std::make_shared<connection<any_socket>>(std::move(shared), std::move(socket), std::move(peer), std::move(pass))
        ->start();
}

namespace {

asio::awaitable<void> write_and_drain(any_socket& socket, const std::string& text) {
    boost::system::error_code failed;
    co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, failed));
    if (!failed)
        socket.shutdown(any_socket::shutdown_send, failed);
    std::array<char, 4096> ignored;
    while (!failed)
        co_await socket.async_read_some(asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, failed));
}

asio::awaitable<void> say_full(any_socket socket, runtime::gate::pass pass) {
    using namespace asio::experimental::awaitable_operators;
    static_cast<void>(pass);
    const auto answer = problem(error("too_many_connections", "too many connections are open; try again soon", true));
    std::string text;
    response::framing how;
    how.date = http_date();
    how.keep_alive = false;
    answer.write_head(text, how);
    text.append(answer.body());
    asio::steady_timer limit(socket.get_executor(), hang_up_limit);
    auto race = write_and_drain(socket, text) || limit.async_wait(asio::use_awaitable);
    co_await std::move(race);
}

} // namespace

void serve_refusal(any_socket socket, runtime::gate::pass pass) {
    const auto on = socket.get_executor();
    runtime::spawn(on, "http refusal", say_full(std::move(socket), std::move(pass)));
}

} // namespace ferrule::http
