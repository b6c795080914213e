#include "http/connection.hpp"

#include "http/connection_reading.ipp"
#include "http/connection_writing.ipp"

namespace ferrule::http {

namespace {

/// Keeps the context alive as long as a stream uses it, so that it can be replaced while connections are open.
class tls_stream : public asio::ssl::stream<any_socket> {
  public:
    tls_stream(any_socket socket, std::shared_ptr<asio::ssl::context> context)
        : asio::ssl::stream<any_socket>(std::move(socket), *context)
        , context_(std::move(context)) {}

  private:
    std::shared_ptr<asio::ssl::context> context_;
};

} // namespace

void serve_tls(std::shared_ptr<server_state> shared, any_socket socket, std::string peer, runtime::gate::pass pass,
               std::shared_ptr<asio::ssl::context> context) {
    tls_stream stream(std::move(socket), std::move(context));
    std::make_shared<connection<tls_stream>>(std::move(shared), std::move(stream), std::move(peer), std::move(pass))
        ->start();
}

} // namespace ferrule::http
