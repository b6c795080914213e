// Talks to a running daemon.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "base/secret.hpp"

namespace CLI {
class App;
} // namespace CLI

namespace ferrule::app::cli {

/// Where the server is and how to be let in: --url, then FERRULE_URL and FERRULE_TOKEN, then `url`, `token` or
/// `token_file`, `ca_file`, `cert` and `key` in ~/.config/ferrule/client.yaml, then http://127.0.0.1:8520 with the
/// first token of a daemon on this machine, if this user may read it.
struct server_choice {
    std::string url;
    std::string token_file;
    std::string ca_file;
    std::string cert; ///< PEM, for a server that asks clients for a certificate.
    std::string key;
    base::secret token;
};

/// Adds --url, --token-file, --ca-file, --cert and --key to a command. The token itself is no option: arguments are
/// visible to other users.
void add_server_options(CLI::App& command, server_choice& into);

/// One event of a stream.
struct stream_event {
    std::string name;
    std::string data;
};

/// A blocking client over one kept connection (libcurl). Errors of the server come with its own code and sentence;
/// `unreachable` when it does not answer.
class api_client {
  public:
    /// Completes the choice from the environment and files; fails with `no_token` or `client_config`.
    static result<api_client> open(server_choice chosen);
    api_client(api_client&&) noexcept;
    api_client& operator=(api_client&&) noexcept;
    ~api_client();

    result<base::json> get(const std::string& path);
    result<base::json> post(const std::string& path, const base::json& body,
                            const std::vector<std::string>& headers = {});
    result<base::json> put(const std::string& path, const base::json& body);
    result<base::json> remove(const std::string& path);
    /// Follows a stream until it ends or `each` returns false.
    result<void> follow(const std::string& path, const std::function<bool(const stream_event&)>& each);
    /// The same for a stream that is the answer to a request with a body.
    result<void> follow(const std::string& path, const base::json& body,
                        const std::function<bool(const stream_event&)>& each);

  private:
    class wire;
    explicit api_client(std::unique_ptr<wire> made);
    std::unique_ptr<wire> wire_;
};

/// A text as one segment of a path or value of a query.
std::string escape(std::string_view text);

/// The exit code that fits a failure of the client, after it was printed to stderr.
int report(const error& what);

} // namespace ferrule::app::cli
