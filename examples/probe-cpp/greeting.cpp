// A probe in C++: says a line to a TCP service and expects an answer that starts as it should.
//
// `measure` reads from top to bottom, but never blocks: each co_await hands the thread back to Ferrule until the name
// is resolved, the socket can be used or the deadline has come. What the probe needs is in its target: {"host", "port",
// "say", "expect"}.
#include <ferrule/sdk/probe.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace {

namespace sdk = ferrule::sdk;

/// Closes a descriptor at the end of its scope.
class descriptor {
  public:
    explicit descriptor(int fd)
        : fd_(fd) {}

    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    ~descriptor() { ::close(fd_); }

    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

class greeting final : public sdk::probe {
    /// From plugins.greeting in Ferrule's configuration.
    void configure(std::string_view config) override {
        longest_answer_ = static_cast<std::size_t>(sdk::json::parse(config).value().integer("longest_answer", 1024));
    }

    sdk::task<sdk::probe_reply> measure(const sdk::target& where, sdk::call& c) override {
        const auto start = host().now();
        const auto took = [&] { return std::chrono::nanoseconds(host().now() - start); };

        const auto found = co_await sdk::resolve(where.host(), c.deadline());
        if (!found) {
            co_return sdk::probe_result::down(found.error().message(), sdk::probe_phase::resolve, took());
        }

        sockaddr_storage address;
        const auto size = found->front().to_sockaddr(where.port(), address);
        const descriptor socket(::socket(found->front().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sdk::watch watch(home(), socket.get());
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno == EINPROGRESS) {
            const auto connecting = co_await watch.writable(c.deadline());
            if (!connecting.ready()) {
                co_return gave_up(connecting.status, "no connection in time", sdk::probe_phase::connect, took());
            }
        }
        if (const int error = error_of(socket.get()); error != 0) {
            co_return sdk::probe_result::down(std::strerror(error), sdk::probe_phase::connect, took());
        }
        const auto connected = took();

        const auto hello = where.settings().text("say") + "\r\n";
        if (::send(socket.get(), hello.data(), hello.size(), MSG_NOSIGNAL) < 0) {
            co_return sdk::probe_result::down(std::strerror(errno), sdk::probe_phase::request, took());
        }

        const auto expected = where.settings().text("expect");
        std::string answer;
        while (answer.size() < expected.size()) {
            const auto reading = co_await watch.readable(c.deadline());
            if (!reading.ready()) {
                co_return gave_up(reading.status, "no answer in time", sdk::probe_phase::answer, took());
            }
            char buffer[512];
            const auto count = ::recv(socket.get(), buffer, sizeof(buffer), 0);
            if (count <= 0) {
                co_return sdk::probe_result::down("the service hung up", sdk::probe_phase::answer, took());
            }
            answer.append(buffer, static_cast<std::size_t>(count));
            if (answer.size() > longest_answer_) {
                break;
            }
        }
        if (!answer.starts_with(expected)) {
            co_return sdk::probe_result::down("the answer does not start with '" + expected + "'",
                                              sdk::probe_phase::answer, took());
        }
        auto up = sdk::probe_result::up(took());
        up.phase("connect", connected).label("address", found->front().text());
        co_return up;
    }

    static int error_of(int fd) {
        int error = 0;
        socklen_t size = sizeof(error);
        return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
    }

    /// A wait that did not end as hoped: the deadline says something about the target, a cancellation does not.
    static sdk::probe_reply gave_up(sdk::wait_status status, std::string_view reason, sdk::probe_phase phase,
                                    std::chrono::nanoseconds took) {
        if (status == sdk::wait_status::cancelled) {
            return sdk::error::cancelled();
        }
        return sdk::probe_result::down(reason, phase, took);
    }

    std::size_t longest_answer_ = 1024;
};

} // namespace

FERRULE_PROBE(greeting, "greeting", "1.0.0", "Says hello over TCP and expects an answer", R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "longest_answer": {"type": "integer", "minimum": 1, "default": 1024, "description": "Bytes to read before giving up."}
  }
})");
