// What it takes to run commands over libssh and nothing else: the yardstick for everything that Ferrule adds.
#pragma once

#include <string>

#include <libssh/libssh.h>

namespace ferrule::bench {

struct login {
    std::string host = "127.0.0.1";
    unsigned port = 22;
    std::string user;
    std::string password;
};

/// A blocking session with a shell, TCP_NODELAY set, its prompt learned. Throws std::runtime_error with the place.
class bare_session {
  public:
    explicit bare_session(const login& to);
    bare_session(const bare_session&) = delete;
    bare_session& operator=(const bare_session&) = delete;
    ~bare_session();

    /// Writes the line and reads until the prompt comes again; everything that came, echo included.
    const std::string& run(const std::string& line);

  private:
    void check(int outcome, const char* step);
    void learn_prompt();
    void read_more();

    ssh_session session_ = nullptr;
    ssh_channel channel_ = nullptr;
    std::string prompt_;
    std::string output_;
};

} // namespace ferrule::bench
