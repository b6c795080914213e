// The link between a controller and its agents without a network: every message passes through the test, in order, and
// what is under way when a connection breaks is lost, but for what is delivered.
#pragma once

#include "base/json.hpp"
#include "devices/agent_jobs.hpp"
#include "devices/agent_sender.hpp"
#include "devices/job_executor.hpp"
#include "fleet/protocol/controller_side.hpp"
#include "fleet/protocol/frame.hpp"
#include "fleet/protocol/outbox.hpp"
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
namespace protocol = ferrule::fleet::protocol;

class link_double;
class controller_session;

/// One agent's end. It outlives the processes of the agent, as its spool does: what is sent, repeated and dropped is
/// decided by the rules of the real one, and by those of the real controller in which order it is acknowledged.
class agent_end final : public devices::controller_sender, public std::enable_shared_from_this<agent_end> {
  public:
    agent_end(link_double& all, std::string name, ferrule::runtime::io& loop, const protocol::outbox::limits& room)
        : all_(all)
        , name_(std::move(name))
        , loop_(loop)
        , to_agent_(loop.make_strand())
        , to_controller_(loop.make_strand())
        , spool_(room) {}

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
    friend class controller_session;

    void lost();
    void pump();
    void acknowledged(std::uint64_t connection, std::uint64_t seq);

    link_double& all_;
    const std::string name_;
    ferrule::runtime::io& loop_;
    ferrule::runtime::strand to_agent_;
    ferrule::runtime::strand to_controller_;
    std::shared_ptr<controller_session> session_; // on to_controller_
    std::mutex mutex_;
    std::uint64_t connection_ = 0;
    bool connected_ = false;
    devices::job_executor* executor_ = nullptr;
    protocol::outbox spool_;
    std::map<std::uint64_t, std::shared_ptr<const std::string>> frames_; // of what the spool has
    std::atomic<bool> mute_{false};
    std::atomic<int> ends_left_{-1};
    std::atomic<bool> drop_end_{false};
};

/// The controller's end of one connection. On the agent's strand.
class controller_session final : public protocol::controller_actions,
                                 public std::enable_shared_from_this<controller_session> {
  public:
    controller_session(std::shared_ptr<agent_end> of, std::uint64_t connection)
        : of_(std::move(of))
        , connection_(connection)
        , side_(settings_, *this, true, ferrule::base::system_clock().steady_now()) {}

    void begin() {
        protocol::hello from;
        from.boot_id = "1";
        receive(protocol::make_frame(protocol::kinds::hello, protocol::to_json(from)));
        side_.accept();
    }

    void receive(const std::string& text) { side_.received(text, ferrule::base::system_clock().steady_now()); }

    void send(std::string text) override {
        const auto read = protocol::read_frame(text);
        if (read && read->kind == protocol::kinds::ack)
            of_->acknowledged(connection_, protocol::number_of(read->body, "seq"));
    }

    bool delivery(const std::string& kind, const ferrule::base::json& body, std::uint64_t seq) override;

    void ping() override {}

    void enrol(protocol::enrolment) override {}

    void greeted(protocol::hello) override {}

    void heartbeat(const ferrule::base::json&) override {}

    void renew(std::string) override {}

    bool message(const std::string&, const ferrule::base::json&) override { return false; }

    void end(std::string code, std::string reason) override { throw std::runtime_error(code + ": " + reason); }

  private:
    const std::shared_ptr<agent_end> of_;
    const std::uint64_t connection_;
    const protocol::controller_side::settings settings_{};
    protocol::controller_side side_;
};

class link_double final : public devices::agent_sender {
  public:
    bool send(const std::string& agent, std::string_view kind, std::string body) override {
        note(kind, body);
        if (refuses(kind))
            return false;
        if (lose_ && kind == devices::kind::run)
            return true; // and it never arrives
        return ends_.at(agent)->order(kind, std::move(body));
    }

    agent_end& add(const std::string& name, ferrule::runtime::io& loop, const protocol::outbox::limits& room = {}) {
        auto& made = ends_[name];
        made = std::make_shared<agent_end>(*this, name, loop, room);
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

    /// As if its queue to the agents were full: it takes nothing of this kind; of none when it is empty.
    void refuse(std::string_view kind) {
        const std::lock_guard lock(mutex_);
        refused_ = kind;
    }

    bool refuses(std::string_view kind) {
        const std::lock_guard lock(mutex_);
        return refused_ == kind;
    }

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

    void hear(const std::string& agent, const std::string& kind, const ferrule::base::json& parsed,
              std::function<void()> taken) {
        auto* const to = controller();
        if (to == nullptr || ends_left_ == 0)
            return;
        if (kind == devices::kind::end && ends_left_ > 0)
            --ends_left_;
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
    std::string refused_;
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
                          self->all_.hear(self->name_, kind, ferrule::base::json::parse(body, nullptr, false), [] {});
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
        boost::asio::post(to_agent_, [told = std::move(kept_told)] { told(ferrule::ok()); });
        lost();
        return;
    }
    const auto made = spool_.add(kind.size() + body.size() + 48);
    for (const auto seq : made.dropped)
        frames_.erase(seq);
    frames_[made.seq] = std::make_shared<const std::string>(protocol::make_frame(kind, body, made.seq));
    spool_.kept(made.seq);
    boost::asio::post(to_agent_, [told = std::move(kept_told)] { told(ferrule::ok()); });
    if (!made.dropped.empty())
        lost();
    pump();
}

// The lock is held, as in the next.
inline void agent_end::lost() {
    boost::asio::post(to_agent_, [executor = executor_] { executor->something_lost(); });
}

inline void agent_end::pump() {
    while (const auto seq = spool_.next(ferrule::base::system_clock().steady_now()))
        boost::asio::post(to_controller_, [self = shared_from_this(), at = connection_, frame = frames_.at(*seq)] {
            {
                const std::lock_guard lock(self->mutex_);
                if (!self->connected_ || self->connection_ != at)
                    return;
            }
            self->session_->receive(*frame);
        });
}

inline void agent_end::acknowledged(std::uint64_t connection, std::uint64_t seq) {
    const std::lock_guard lock(mutex_);
    if (!connected_ || connection_ != connection)
        return;
    for (const auto safe : spool_.acknowledged(seq, ferrule::base::system_clock().steady_now()))
        frames_.erase(safe);
    pump();
}

inline bool controller_session::delivery(const std::string& kind, const ferrule::base::json& body, std::uint64_t seq) {
    of_->all_.hear(of_->name_, kind, body, [self = shared_from_this(), seq] {
        boost::asio::post(self->of_->to_controller_, [self, seq] { self->side_.taken(seq); });
    });
    return true;
}

inline void agent_end::connect(devices::job_executor& executor) {
    {
        const std::lock_guard lock(mutex_);
        ++connection_;
        connected_ = true;
        executor_ = &executor;
        boost::asio::post(to_controller_, [self = shared_from_this(), at = connection_] {
            self->session_ = std::make_shared<controller_session>(self, at);
            self->session_->begin();
        });
        spool_.connected();
        pump();
    }
    executor.connected();
}

inline void agent_end::disconnect() {
    {
        const std::lock_guard lock(mutex_);
        connected_ = false;
        spool_.disconnected();
    }
    boost::asio::post(to_controller_, [self = shared_from_this()] {
        self->session_.reset(); // each holds the other
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
