#include "fleet/agent.hpp"

#include "base/json.hpp"
#include "fleet/exec/ledger.hpp"
#include "fleet/exec/messages.hpp"
#include "fleet/herd.hpp"
#include "fleet/protocol/frame.hpp"
#include "net/tls_stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <netinet/in.h>

namespace ferrule::bench {

namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr base::duration connect_limit = std::chrono::seconds(10); // agent.connect_timeout

exec::verifier::rules rules_of(const std::string& name) {
    exec::verifier::rules out;
    out.self = name;
    out.skew = std::chrono::minutes(5);
    out.max_lifetime = std::chrono::hours(168);
    return out;
}

/// Many connections from one address to one port: the kernel chooses the local port when it knows both ends.
error_code bind_late(tcp::socket& socket, const asio::ip::address& from) {
    error_code failed;
    socket.open(tcp::v4(), failed);
    const int on = 1;
    if (!failed)
        ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (!failed)
        socket.bind(tcp::endpoint(from, 0), failed);
    return failed;
}

} // namespace

simulated_agent::simulated_agent(herd& of, std::string name, net::tls_context context, asio::ip::address from)
    : of_(of)
    , name_(std::move(name))
    , context_(std::move(context))
    , from_(from)
    , check_(of.keys(), rules_of(name_))
    , plan_({}, [&of] { return of.chance(); })
    , outbox_({}) {}

asio::awaitable<void> simulated_agent::run() {
    asio::steady_timer timer(of_.loop());
    auto step = plan_.begin();
    step.wait = base::duration(
        static_cast<base::duration::rep>(static_cast<double>(of_.settings().spread.count()) * of_.chance()));
    for (;;) {
        timer.expires_after(step.wait);
        co_await timer.async_wait(asio::use_awaitable);
        auto made = co_await dial();
        if (!made) {
            of_.failed(made.error());
            step = plan_.failed();
            continue;
        }
        over_ = std::move(*made);
        ended_because_.reset();
        side_.emplace(*this, of_.settings().heartbeat, connect_limit, herd::now());
        protocol::hello hello;
        hello.version = "bench";
        hello.host = name_ + ".example.net";
        hello.boot_id = name_;
        hello.features = {std::string(exec::feature)};
        hello.tags = {{"site", "bench"}};
        hello.region = "eu";
        hello.heartbeat = of_.settings().heartbeat;
        side_->start(hello);
        co_await converse();
        over_.reset();
        side_.reset();
        outbox_.disconnected();
        const bool stood = std::exchange(greeted_, false);
        if (stood)
            of_.disconnected();
        if (ended_because_ && ended_because_->code != "controller_stopping")
            of_.failed(error(ended_because_->code, ended_because_->message));
        if (ended_because_ && ended_because_->retry_after > base::duration::zero())
            step = plan_.told_to_wait(ended_because_->retry_after);
        else
            step = stood ? plan_.lost() : plan_.failed();
    }
}

asio::awaitable<result<std::shared_ptr<net::web_socket>>> simulated_agent::dial() {
    tcp::socket socket(of_.loop());
    error_code failed = bind_late(socket, from_);
    asio::steady_timer timer(of_.loop(), connect_limit);
    timer.async_wait([&socket](const error_code& cancelled) {
        if (!cancelled)
            socket.close();
    });
    if (!failed)
        co_await socket.async_connect(of_.settings().controller, asio::redirect_error(asio::use_awaitable, failed));
    timer.cancel();
    if (failed)
        co_return error(failed == asio::error::connection_refused ? "connection_refused" : "connect_failed",
                        failed.message());
    auto over = std::make_shared<net::tls_stream>(std::move(socket), context_, net::tls_stream::side::client);
    timer.expires_after(connect_limit);
    timer.async_wait([over](const error_code& cancelled) {
        if (!cancelled)
            over->close();
    });
    std::string host = "bench";
    auto made = co_await net::upgrade_to_web_socket(over, std::move(host), {});
    timer.cancel();
    co_return made;
}

asio::awaitable<void> simulated_agent::converse() {
    const auto over = over_;
    over->on_alive([this] { side_->alive(herd::now()); });
    for (;;) {
        const auto got = co_await over->read();
        if (!got)
            break;
        side_->received(*got, herd::now());
    }
    over->on_alive({});
    over->cut_off();
}

void simulated_agent::tick(base::steady_time now) {
    if (side_)
        side_->tick(now);
}

void simulated_agent::send(std::string text) {
    if (!over_->send(std::make_shared<const std::string>(std::move(text))))
        over_->cut_off();
}

void simulated_agent::welcomed(const protocol::welcome&) {
    plan_.connected();
    greeted_ = true;
    of_.connected();
    outbox_.connected();
    empty_outbox();
}

void simulated_agent::beat_due() {
    side_->beat(of_.metrics());
}

void simulated_agent::empty_outbox() {
    while (const auto seq = outbox_.next(herd::now()))
        send(kept_.at(*seq));
}

void simulated_agent::acknowledged(std::uint64_t seq) {
    for (const auto each : outbox_.acknowledged(seq, herd::now())) {
        kept_.erase(each);
        of_.answered();
    }
    empty_outbox();
}

void simulated_agent::deliver(std::string_view kind, const std::string& body) {
    const auto made = outbox_.add(body.size());
    kept_.emplace(made.seq, protocol::make_frame(kind, body, made.seq));
    outbox_.kept(made.seq);
    empty_outbox();
}

bool simulated_agent::message(const std::string& kind, const base::json& body) {
    if (kind != exec::command_kind || of_.keys().empty())
        return false;
    carry_out(body);
    return true;
}

// As command_agent does, but that nothing is started: it says that it begins, what is printed, and how it ended.
void simulated_agent::carry_out(const base::json& message) {
    const auto now = base::system_clock().wall_now();
    const auto given = check_.open(message);
    if (!given)
        return of_.ordered(false, given.error().code());
    if (const auto good = check_.timely(given->what, now); !good)
        return of_.ordered(false, good.error().code());
    const auto& order = given->what;
    if (!done_.insert(order.task_id).second)
        return of_.ordered(false, "replayed");
    of_.ordered(true, {});
    const std::string printed = " 12:00:00 up 3 days,  4:05,  0 users,  load average: 0.10, 0.12, 0.09\n";
    const base::json started{{"task_id", order.task_id}, {"started_at", base::to_rfc3339(now)}};
    send(protocol::make_frame(exec::started_kind, base::dump(started)));
    const base::json output{{"task_id", order.task_id}, {"stream", "stdout"}, {"offset", 0}, {"text", printed}};
    send(protocol::make_frame(exec::output_kind, base::dump(output)));
    exec::task_end how;
    how.task = order.task_id;
    how.nonce = order.nonce;
    how.digest = given->digest;
    how.state = model::task_state::succeeded;
    how.not_after = order.not_after;
    how.result.exit_code = 0;
    how.result.out = printed;
    how.result.started_at = how.result.finished_at = now;
    deliver(exec::result_kind, exec::result_body(how, false, now));
}

void simulated_agent::end(const protocol::farewell& why) {
    ended_because_ = why;
    over_->close(why.code);
}

} // namespace ferrule::bench
