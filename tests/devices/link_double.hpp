// The link between a controller and its agents without a network: every message passes through the test, in order, and
// what is under way when a connection breaks is lost, but for what is delivered.
#pragma once

#include "base/json.hpp"
#include "devices/agent_jobs.hpp"
#include "devices/agent_sender.hpp"
#include "devices/job_executor.hpp"
#include "runtime/io.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

namespace test {

namespace devices = ferrule::devices;

class link_double;

/// One agent's end. It outlives the processes of the agent, as its spool does.
class agent_end final : public devices::controller_sender, public std::enable_shared_from_this<agent_end> {
  public:
    agent_end(link_double& all, std::string name, ferrule::runtime::io& loop)
        : all_(all)
        , name_(std::move(name))
        , loop_(loop)
        , to_agent_(loop.make_strand())
        , to_controller_(loop.make_strand()) {}

    bool send(std::string_view kind, std::string body) override;
    void deliver(std::string_view kind, std::string body, std::function<void(ferrule::result<void>)> kept) override;

    /// A connection comes up; `executor` greets.
    void connect(devices::job_executor& executor);
    /// It breaks; what is under way is lost.
    void disconnect();

    /// Of the ends it still keeps so many messages, then the process is as good as gone.
    void die_after_ends(int count) { ends_left_ = count; }

    /// The next end is dropped as by a spool that is full.
    void drop_end() { drop_end_ = true; }

    /// The process is gone: nothing that it says is heard any more.
    void mute(bool wanted) { mute_ = wanted; }

    [[nodiscard]] std::size_t undelivered();
    /// Until what was under way has arrived, so that a process can go.
    void drain();

    bool order(std::string_view kind, std::string body);

  private:
    struct kept {
        std::uint64_t id;
        std::string kind;
        std::string body;
    };

    void offer(const kept& item);

    link_double& all_;
    const std::string name_;
    ferrule::runtime::io& loop_;
    ferrule::runtime::strand to_agent_;
    ferrule::runtime::strand to_controller_;
    std::mutex mutex_;
    std::uint64_t connection_ = 0;
    bool connected_ = false;
    devices::job_executor* executor_ = nullptr;
    std::deque<kept> spool_;
    std::uint64_t next_ = 1;
    std::atomic<bool> mute_{false};
    std::atomic<int> ends_left_{-1};
    std::atomic<bool> drop_end_{false};
};

class link_double final : public devices::agent_sender {
  public:
    bool send(const std::string& agent, std::string_view kind, std::string body) override {
        note(kind, body);
        if (lose_ && kind == devices::kind::run)
            return true; // and it never arrives
        return ends_.at(agent)->order(kind, std::move(body));
    }

    agent_end& add(const std::string& name, ferrule::runtime::io& loop) {
        auto& made = ends_[name];
        made = std::make_shared<agent_end>(*this, name, loop);
        return *made;
    }

    /// The controller that listens; none while it is restarted.
    void attach(devices::agent_jobs* controller) {
        const std::lock_guard lock(mutex_);
        controller_ = controller;
    }

    devices::agent_jobs* controller() {
        const std::lock_guard lock(mutex_);
        return controller_;
    }

    /// The controller hears so many messages about ends, and nothing more of any agent.
    void deaf_after_ends(int count) { ends_left_ = count; }

    /// Orders are lost on the way, as when a connection is about to break.
    void lose_orders(bool wanted) { lose_ = wanted; }

    void note(std::string_view kind, const std::string& body) {
        const std::lock_guard lock(mutex_);
        seen_.emplace_back(std::string(kind), body);
        said_.notify_all();
    }

    /// Until so many messages of a kind were said, heard or not.
    void wait_said(std::string_view kind, std::ptrdiff_t times) {
        std::unique_lock lock(mutex_);
        const auto enough = [&] {
            return std::count_if(seen_.begin(), seen_.end(), [&](const auto& each) { return each.first == kind; }) >=
                   times;
        };
        if (!said_.wait_for(lock, std::chrono::seconds(90), enough))
            throw std::runtime_error("what was waited for is not said");
    }

    /// Everything that was said, by kind.
    std::vector<std::pair<std::string, std::string>> seen() {
        const std::lock_guard lock(mutex_);
        return seen_;
    }

    std::size_t count(std::string_view kind) {
        std::size_t found = 0;
        for (const auto& [each, body] : seen())
            found += each == kind ? std::size_t{1} : std::size_t{0};
        return found;
    }

    void hear(const std::string& agent, const std::string& kind, const std::string& body, std::function<void()> taken) {
        auto* const to = controller();
        if (to == nullptr || ends_left_ == 0)
            return;
        if (kind == devices::kind::end && ends_left_ > 0)
            --ends_left_;
        const auto parsed = ferrule::base::json::parse(body, nullptr, false);
        if (kind == devices::kind::hello)
            to->hello(agent, parsed);
        else if (kind == devices::kind::progress)
            to->progress(agent, parsed);
        else if (kind == devices::kind::caught_up)
            to->caught_up(agent, parsed, taken);
        else if (kind == devices::kind::end)
            to->end(agent, parsed, std::move(taken));
    }

  private:
    std::mutex mutex_;
    devices::agent_jobs* controller_ = nullptr;
    std::map<std::string, std::shared_ptr<agent_end>> ends_;
    std::condition_variable said_;
    std::vector<std::pair<std::string, std::string>> seen_;
    std::atomic<bool> lose_{false};
    std::atomic<int> ends_left_{-1};
};

inline bool agent_end::order(std::string_view kind, std::string body) {
    const std::lock_guard lock(mutex_);
    if (!connected_)
        return false;
    boost::asio::post(to_agent_,
                      [self = shared_from_this(), at = connection_, kind = std::string(kind), body = std::move(body)] {
                          devices::job_executor* executor = nullptr;
                          {
                              const std::lock_guard inner(self->mutex_);
                              if (!self->connected_ || self->connection_ != at)
                                  return;
                              executor = self->executor_;
                          }
                          const auto parsed = ferrule::base::json::parse(body, nullptr, false);
                          if (kind == devices::kind::run)
                              executor->run(parsed);
                          else if (kind == devices::kind::cancel)
                              executor->cancel(parsed);
                          else if (kind == devices::kind::close)
                              executor->close_session(parsed);
                      });
    return true;
}

inline bool agent_end::send(std::string_view kind, std::string body) {
    all_.note(kind, body);
    const std::lock_guard lock(mutex_);
    if (!connected_ || mute_)
        return false;
    boost::asio::post(to_controller_,
                      [self = shared_from_this(), at = connection_, kind = std::string(kind), body = std::move(body)] {
                          {
                              const std::lock_guard inner(self->mutex_);
                              if (!self->connected_ || self->connection_ != at)
                                  return;
                          }
                          self->all_.hear(self->name_, kind, body, [] {});
                      });
    return true;
}

inline void agent_end::deliver(std::string_view kind, std::string body,
                               std::function<void(ferrule::result<void>)> kept_told) {
    all_.note(kind, body);
    if (kind == devices::kind::end && ends_left_ >= 0 && ends_left_-- == 0)
        mute_ = true;
    if (mute_)
        return;
    const std::lock_guard lock(mutex_);
    if (kind == devices::kind::end && drop_end_.exchange(false)) {
        boost::asio::post(to_agent_, [told = std::move(kept_told), executor = executor_] {
            told(ferrule::ok());
            executor->something_lost();
        });
        return;
    }
    spool_.push_back({next_++, std::string(kind), std::move(body)});
    boost::asio::post(to_agent_, [told = std::move(kept_told)] { told(ferrule::ok()); });
    if (connected_)
        offer(spool_.back());
}

inline void agent_end::offer(const kept& item) {
    boost::asio::post(to_controller_, [self = shared_from_this(), at = connection_, item] {
        {
            const std::lock_guard lock(self->mutex_);
            if (!self->connected_ || self->connection_ != at)
                return;
        }
        self->all_.hear(self->name_, item.kind, item.body, [self, id = item.id] {
            const std::lock_guard inner(self->mutex_);
            std::erase_if(self->spool_, [id](const auto& each) { return each.id == id; });
        });
    });
}

inline void agent_end::connect(devices::job_executor& executor) {
    {
        const std::lock_guard lock(mutex_);
        ++connection_;
        connected_ = true;
        executor_ = &executor;
        for (const auto& each : spool_)
            offer(each);
    }
    executor.connected();
}

inline void agent_end::disconnect() {
    {
        const std::lock_guard lock(mutex_);
        connected_ = false;
    }
    boost::asio::post(to_controller_, [self = shared_from_this()] {
        if (auto* const to = self->all_.controller())
            to->disconnected(self->name_);
    });
}

inline void agent_end::drain() {
    for (auto* const strand : {&to_agent_, &to_controller_}) {
        std::promise<void> turn;
        boost::asio::post(*strand, [&turn] { turn.set_value(); });
        turn.get_future().wait();
    }
}

inline std::size_t agent_end::undelivered() {
    const std::lock_guard lock(mutex_);
    return spool_.size();
}

} // namespace test
