// One connection of the load generator.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace ferrule::bench {

using ticks = std::chrono::steady_clock;

/// Sends a request, reads the answer, says how long that took. Understands just enough HTTP/1.1 to find the end of an
/// answer with a Content-Length, or of text in chunks, so that the generator costs as little as possible beside the
/// server that it measures.
class client {
  public:
    client(const std::string& host, unsigned short port);
    client(client&& other) noexcept;
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    client& operator=(client&&) = delete;
    ~client();

    [[nodiscard]] int descriptor() const noexcept { return fd_; }

    /// Throws std::runtime_error when the server has gone.
    void send(std::string_view message);
    /// Takes what has come; true when the answer is whole.
    bool receive();

    /// Of the last answer: valid until the next send.
    [[nodiscard]] std::string_view answer() const noexcept { return input_; }

    [[nodiscard]] int status() const noexcept { return status_; }

    [[nodiscard]] ticks::time_point sent_at() const noexcept { return sent_at_; }

  private:
    bool read_head();
    void join_chunks();

    int fd_;
    std::string input_;
    std::size_t expected_ = 0; ///< Length of the whole answer, 0 while it is not known.
    bool chunked_ = false;     ///< Ends with an empty chunk.
    int status_ = 0;
    ticks::time_point sent_at_{};
};

} // namespace ferrule::bench
