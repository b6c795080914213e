#include "fleet/agent_session.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "fleet/protocol/frame.hpp"
#include "runtime/spawn.hpp"

#include <boost/asio/post.hpp>

#include <exception>

namespace ferrule::fleet {

namespace {

/// How long a peer may take to accept what was said last.
constexpr base::duration last_words = std::chrono::seconds(5);

} // namespace

agent_session::agent_session(session_owner& owner, std::shared_ptr<net::web_socket> over)
    : owner_(owner)
    , over_(std::move(over))
    , facts_(over_->peer().value_or(net::certificate_facts()))
    , name_(facts_.name)
    , side_(owner.greeting(), *this, over_->peer().has_value(), owner.time().steady_now()) {}

asio::awaitable<void> agent_session::run(session_ptr self) {
    self->over_->on_alive([weak = std::weak_ptr(self)] {
        if (const auto alive = weak.lock())
            alive->side_.alive(alive->owner_.time().steady_now());
    });
    for (;;) {
        const auto got = co_await self->over_->read();
        if (!got) {
            self->lost_because_ = got.error().message();
            break;
        }
        auto before = stage::silent;
        self->stands_.compare_exchange_strong(before, stage::speaking, std::memory_order_relaxed);
        try {
            self->side_.received(*got, self->owner_.time().steady_now());
        } catch (const std::exception& what) {
            base::log::error("fleet", "an exception while a message was handled",
                             {{"agent", self->name_}, {"what", what.what()}});
            self->end("internal", "the controller failed to handle a message");
        }
    }
    self->over_->cut_off();
    self->owner_.ended(self);
}

// Orders hold secrets, which do not stay in memory once they are sent.
bool agent_session::send_frame(std::string_view kind, std::string_view body) {
    const auto wiping = [](std::string* sent) {
        base::wipe(*sent);
        std::default_delete<std::string>()(sent);
    };
    auto frame = std::make_unique<std::string>(protocol::make_frame(kind, body));
    return over_->send(std::shared_ptr<std::string>(frame.release(), wiping));
}

void agent_session::send(std::string text) {
    if (!over_->send(std::make_shared<const std::string>(std::move(text))) && end_code_.empty())
        end("too_slow", "the agent does not take what it is sent");
}

void agent_session::tick() {
    asio::post(get_executor(), [self = shared_from_this()] {
        const auto now = self->owner_.time().steady_now();
        if (!self->end_code_.empty()) {
            if (now - self->ended_at_ >= last_words)
                self->over_->cut_off();
            return;
        }
        if (self->side_.established() && self->facts_.not_after <= self->owner_.time().wall_now())
            return self->end_with({"certificate_expired", "the agent's certificate has expired", {}});
        self->side_.tick(now);
    });
}

void agent_session::end_with(protocol::farewell why) {
    asio::post(get_executor(), [self = shared_from_this(), why = std::move(why)] { self->side_.say_goodbye(why); });
}

void agent_session::enrol(protocol::enrolment wanted) {
    runtime::spawn(get_executor(), "enrolment", answer(shared_from_this(), owner_.enrol(std::move(wanted))));
}

void agent_session::renew(std::string request) {
    if (std::exchange(renewing_, true))
        return;
    runtime::spawn(get_executor(), "renewal", answer(shared_from_this(), owner_.renew(name_, std::move(request))));
}

asio::awaitable<void> agent_session::answer(session_ptr self, asio::awaitable<result<protocol::grant>> granting) {
    const auto made = co_await std::move(granting);
    self->renewing_ = false;
    if (made) {
        self->side_.granted(*made);
        co_return;
    }
    base::log::warn("fleet", "an agent gets no certificate",
                    {{"agent", self->name_},
                     {"address", self->address()},
                     {"code", made.error().code()},
                     {"reason", made.error().message()}});
    protocol::farewell why;
    why.code = made.error().code();
    why.message = made.error().message();
    self->side_.not_granted(why);
}

void agent_session::greeted(protocol::hello from) {
    features_ = from.features;
    boot_id_ = from.boot_id;
    if (const auto refused = owner_.greeted(shared_from_this(), from)) {
        side_.refuse(*refused);
        return;
    }
    side_.accept();
    welcomed_.store(true, std::memory_order_release);
    owner_.connected(shared_from_this());
}

bool agent_session::message(const std::string& kind, const base::json& body) {
    return owner_.message(name_, kind, body);
}

bool agent_session::delivery(const std::string& kind, const base::json& body, std::uint64_t seq) {
    auto taken = [weak = weak_from_this(), seq] {
        const auto self = weak.lock();
        if (!self)
            return;
        asio::post(self->get_executor(), [self, seq] { self->side_.taken(seq); });
    };
    return owner_.delivery(name_, kind, body, std::move(taken));
}

void agent_session::end(std::string code, std::string reason) {
    if (!end_code_.empty())
        return;
    end_code_ = std::move(code);
    end_reason_ = std::move(reason);
    ended_at_ = owner_.time().steady_now();
    stands_.store(stage::answered, std::memory_order_relaxed);
    over_->close(end_code_);
}

} // namespace ferrule::fleet
