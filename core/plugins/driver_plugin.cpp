#include "plugins/driver_plugin.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <utility>

namespace ferrule::plugins {

op_reply::op_reply() = default;

op_reply::op_reply(std::string json_text, bool cut)
    : json(std::move(json_text))
    , truncated(cut) {}

op_reply::op_reply(const op_reply&) = default;
op_reply::op_reply(op_reply&&) noexcept = default;
op_reply& op_reply::operator=(const op_reply&) = default;
op_reply& op_reply::operator=(op_reply&&) noexcept = default;
op_reply::~op_reply() = default;

namespace {

frl_session next_session() noexcept {
    static std::atomic<frl_session> last{0};
    return ++last;
}

/// Brings the news of a lost session to whoever opened it, unless it has been closed meanwhile.
struct lost_notice {
    asio::any_io_executor on;
    lost_callback call;
    std::atomic<bool> closed{false};

    static std::function<void(error)> teller(std::shared_ptr<lost_notice> self) {
        return [self = std::move(self)](error why) {
            asio::post(self->on, [self, why = std::move(why)] {
                if (self->call && !self->closed.load())
                    self->call(why);
            });
        };
    }
};

class session final : public driver_session, public std::enable_shared_from_this<session> {
  public:
    session(std::shared_ptr<instance> on, frl_session id, std::shared_ptr<lost_notice> lost)
        : instance_(std::move(on))
        , id_(id)
        , lost_(std::move(lost)) {}

    session(const session&) = delete;
    session& operator=(const session&) = delete;

    ~session() override {
        if (open_ && !closing_.exchange(true)) {
            lost_->closed = true;
            instance_->close_session(id_);
        }
    }

    [[nodiscard]] std::uint64_t id() const noexcept override { return id_; }

    [[nodiscard]] const std::string& details() const noexcept override { return details_; }

    [[nodiscard]] const std::string& plugin_version() const noexcept override {
        return instance_->build().note.version;
    }

    void opened(std::string details) {
        details_ = std::move(details);
        open_ = true;
    }

    asio::awaitable<result<op_reply>> exec(std::string request, base::steady_time deadline, output_callback on_output,
                                           std::size_t output_limit) override {
        op_call call;
        call.which = op_kind::exec;
        call.session = id_;
        call.request = std::move(request);
        call.deadline = deadline;
        call.output_limit = output_limit;
        return run(shared_from_this(), std::move(call), std::move(on_output));
    }

    asio::awaitable<result<void>> keepalive(base::steady_time deadline) override {
        op_call call;
        call.which = op_kind::keepalive;
        call.session = id_;
        call.deadline = deadline;
        return check(shared_from_this(), std::move(call));
    }

    asio::awaitable<result<void>> close(base::steady_time deadline) override {
        op_call call;
        call.which = op_kind::close;
        call.session = id_;
        call.deadline = deadline;
        return end(shared_from_this(), std::move(call));
    }

  private:
    using self_ptr = std::shared_ptr<session>;

    /// Marks the session as busy for as long as one operation runs on it.
    class turn {
      public:
        explicit turn(std::atomic<bool>& busy) noexcept
            : busy_(busy)
            , mine_(!busy.exchange(true)) {}

        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;

        ~turn() {
            if (mine_)
                busy_ = false;
        }

        explicit operator bool() const noexcept { return mine_; }

      private:
        std::atomic<bool>& busy_;
        bool mine_;
    };

    static asio::awaitable<result<op_reply>> run(self_ptr self, op_call call, op_waiter::output output) {
        const turn mine(self->busy_);
        if (!mine)
            co_return error("session_busy", "an operation is already running on this session");
        if (self->closing_.load())
            co_return error("session_lost", "the session has been closed", true);
        auto running = instance::run(self->instance_, std::move(call), std::move(output));
        co_return co_await std::move(running);
    }

    static asio::awaitable<result<void>> check(self_ptr self, op_call call) {
        auto running = run(self, std::move(call), {});
        const auto done = co_await std::move(running);
        if (!done)
            co_return done.error();
        co_return ok();
    }

    static asio::awaitable<result<void>> end(self_ptr self, op_call call) {
        if (self->closing_.exchange(true))
            co_return ok();
        self->lost_->closed = true;
        self->instance_->end_session_work(self->id_);
        auto running = instance::run(self->instance_, std::move(call), {});
        const auto done = co_await std::move(running);
        self->instance_->remove_session(self->id_);
        if (!done)
            co_return done.error();
        co_return ok();
    }

    // In use for as long as the session is among its sessions.
    const std::shared_ptr<instance> instance_;
    const frl_session id_;
    const std::shared_ptr<lost_notice> lost_;
    std::string details_;
    bool open_ = false;
    std::atomic<bool> busy_{false};
    std::atomic<bool> closing_{false};
};

class set_driver final : public driver {
  public:
    explicit set_driver(std::shared_ptr<component_set> of)
        : set_(std::move(of)) {}

    [[nodiscard]] const std::string& name() const noexcept override { return set_->name(); }

    asio::awaitable<result<std::shared_ptr<driver_session>>> open(std::string target, base::steady_time deadline,
                                                                  lost_callback on_lost) override {
        return open_on(set_, std::move(target), deadline, std::move(on_lost));
    }

  private:
    static asio::awaitable<result<std::shared_ptr<driver_session>>>
    open_on(std::shared_ptr<component_set> set, std::string target, base::steady_time deadline, lost_callback on_lost) {
        const auto on = co_await asio::this_coro::executor;
        auto finding = component_set::current(set);
        auto found = co_await std::move(finding);
        if (!found)
            co_return found.error();
        // Bringing a plugin in cannot be cut short, so a cancellation of that time is asked for here.
        const auto asked = co_await asio::this_coro::cancellation_state;
        if (asked.cancelled() != asio::cancellation_type::none)
            co_return error("cancelled", "open was cancelled");
        const auto lost = std::make_shared<lost_notice>();
        lost->on = on;
        lost->call = std::move(on_lost);
        const auto serving = found->get();
        const auto id = next_session();
        auto made = std::make_shared<session>(serving, id, lost);
        // Before it is open: the peer may go at once.
        serving->add_session(id, lost_notice::teller(lost));
        op_call call;
        call.which = op_kind::open;
        call.session = id;
        call.request = std::move(target);
        call.deadline = deadline;
        auto running = instance::run(serving, std::move(call), {});
        auto done = co_await std::move(running);
        if (!done) {
            serving->remove_session(id);
            co_return done.error();
        }
        made->opened(std::move(done->json));
        std::shared_ptr<driver_session> out = std::move(made);
        co_return out;
    }

    const std::shared_ptr<component_set> set_;
};

} // namespace

std::shared_ptr<driver> make_driver(std::shared_ptr<component_set> of) {
    return std::make_shared<set_driver>(std::move(of));
}

} // namespace ferrule::plugins
