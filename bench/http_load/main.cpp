// http_load: a load generator in one thread; how fast a server answers on kept connections.
#include <array>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

#include "http_load/client.hpp"
#include "http_load/options.hpp"
#include "http_load/report.hpp"

namespace {

using namespace ferrule::bench;

double seconds_between(ticks::time_point from, ticks::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

class load {
  public:
    explicit load(const load_options& wanted)
        : wanted_(wanted)
        , poll_(::epoll_create1(EPOLL_CLOEXEC)) {
        for (std::size_t i = 0; i < wanted.connections; ++i) {
            auto& added = clients_.emplace_back(wanted.host, wanted.port);
            epoll_event readable{};
            readable.events = EPOLLIN;
            readable.data.u64 = i;
            ::epoll_ctl(poll_, EPOLL_CTL_ADD, added.descriptor(), &readable);
        }
    }

    load(const load&) = delete;
    load& operator=(const load&) = delete;

    ~load() { ::close(poll_); }

    void run() {
        began_ = ticks::now();
        warm_ = wanted_.warm_up <= 0;
        for (auto& each : clients_)
            send_next(each);
        while (under_way_ > 0)
            wait();
        seen_.print(seconds_between(began_, ticks::now()), sent_);
    }

  private:
    void send_next(client& on) {
        if (ended_ || (wanted_.requests > 0 && sent_ == wanted_.requests))
            return;
        on.send(wanted_.messages[sent_++ % wanted_.messages.size()]);
        ++under_way_;
    }

    void wait() {
        std::array<epoll_event, 256> ready;
        const int count = ::epoll_wait(poll_, ready.data(), static_cast<int>(ready.size()), 60'000);
        if (count == 0)
            throw std::runtime_error("no answer for a minute");
        for (int i = 0; i < count; ++i) {
            auto& on = clients_[ready[static_cast<std::size_t>(i)].data.u64];
            if (!on.receive())
                continue;
            --under_way_;
            const auto now = ticks::now();
            const bool good = wanted_.expect.empty() || on.answer().find(wanted_.expect) != std::string_view::npos;
            seen_.answered(seconds_between(on.sent_at(), now) * 1000, on.status(), good, on.answer());
            look_at_time(now);
            send_next(on);
        }
    }

    void look_at_time(ticks::time_point now) {
        const auto passed = seconds_between(began_, now);
        if (!warm_ && passed >= wanted_.warm_up) {
            warm_ = true;
            began_ = now;
            seen_.clear();
        } else if (warm_ && wanted_.seconds > 0 && passed >= wanted_.seconds) {
            ended_ = true;
        }
    }

    const load_options& wanted_;
    const int poll_;
    std::vector<client> clients_;
    report seen_;
    ticks::time_point began_{};
    std::size_t sent_ = 0;
    std::size_t under_way_ = 0;
    bool warm_ = true;
    bool ended_ = false;
};

} // namespace

int main(int argc, char** argv) {
    const auto wanted = read_options(argc, argv);
    try {
        load(wanted).run();
        return 0;
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "http_load: %s\n", problem.what());
        return 1;
    }
}
