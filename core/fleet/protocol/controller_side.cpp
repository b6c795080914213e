#include "fleet/protocol/controller_side.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "fleet/protocol/frame.hpp"

#include <algorithm>

namespace ferrule::fleet::protocol {

using base::json;

namespace {

/// More than an agent of this kind ever has under way.
constexpr std::size_t most_unacknowledged = 4096;

} // namespace

controller_side::controller_side(const settings& wanted, controller_actions& actions, bool certified,
                                 base::steady_time now)
    : settings_(wanted)
    , actions_(actions)
    , phase_(certified ? phase::greeting : phase::enrolling)
    , began_(now)
    , liveness_(silence_limit({}), now) {}

void controller_side::received(std::string_view text, base::steady_time now) {
    if (phase_ == phase::ended)
        return;
    liveness_.heard(now);
    const auto read = read_frame(text);
    if (!read)
        return finish(read.error().code(), read.error().message());
    switch (phase_) {
    case phase::enrolling: {
        if (read->kind != kinds::enrol)
            return refuse(
                {"certificate_required", "an agent without a certificate can only enrol with a join token", {}});
        auto wanted = enrolment_from(read->body);
        if (!wanted)
            return finish(wanted.error().code(), wanted.error().message());
        phase_ = phase::deciding;
        return actions_.enrol(std::move(*wanted));
    }
    case phase::greeting: {
        if (read->kind != kinds::hello)
            return finish("invalid_message", "the first message is \"" + read->kind + "\" and not \"hello\"");
        auto from = hello_from(read->body);
        if (!from)
            return finish(from.error().code(), from.error().message());
        const auto version = common_version(from->newest, from->oldest);
        if (!version)
            return refuse({"protocol_mismatch",
                           "the agent speaks versions " + std::to_string(from->oldest) + " to " +
                               std::to_string(from->newest) + " of the link, this controller " +
                               std::to_string(oldest_version) + " to " + std::to_string(newest_version) +
                               ": bring both to versions that overlap",
                           {}});
        version_ = *version;
        lost_ = from->lost;
        liveness_.set_limit(silence_limit(from->heartbeat));
        phase_ = phase::deciding;
        return actions_.greeted(std::move(*from));
    }
    case phase::established:
        return established_received(read->kind, read->body, read->seq);
    case phase::deciding:
    case phase::ended:
        return;
    }
}

void controller_side::established_received(const std::string& kind, const json& body,
                                           std::optional<std::uint64_t> seq) {
    if (kind == kinds::heartbeat)
        return actions_.heartbeat(body);
    if (kind == kinds::renew)
        return actions_.renew(text_of(body, "csr", 32768));
    if (kind == kinds::goodbye) {
        const auto why = farewell_from(body);
        return finish("goodbye", why.message.empty() ? "the agent stops" : why.message);
    }
    if (kind == kinds::unsupported)
        return; // it is older than this controller; whoever sent it goes by its features
    if (is_reserved(kind))
        return unsupported(kind, seq);
    if (!seq) {
        if (!actions_.message(kind, body))
            unsupported(kind, seq);
        return;
    }
    if (unacknowledged_.size() >= most_unacknowledged)
        return finish("too_many_unacknowledged", "the agent sends on and on without waiting for acknowledgements");
    unacknowledged_.push_back({*seq, false});
    if (actions_.delivery(kind, body, *seq) || phase_ != phase::established)
        return;
    std::erase_if(unacknowledged_, [&](const delivered& each) { return each.seq == *seq; });
    unsupported(kind, seq);
}

void controller_side::unsupported(const std::string& kind, std::optional<std::uint64_t> seq) {
    base::json_text out;
    out.begin_object().member("kind", kind);
    if (seq)
        out.member("seq", static_cast<std::int64_t>(*seq));
    out.end_object();
    actions_.send(make_frame(kinds::unsupported, out.take()));
}

void controller_side::accept() {
    if (phase_ != phase::deciding)
        return;
    phase_ = phase::established;
    welcome answer;
    answer.version = version_;
    answer.program = settings_.program;
    answer.features = settings_.features;
    answer.lost = lost_;
    actions_.send(make_frame(kinds::welcome, to_json(answer)));
}

void controller_side::refuse(const farewell& why) {
    if (phase_ == phase::ended)
        return;
    const bool later = why.retry_after > base::duration::zero();
    actions_.send(make_frame(later ? kinds::busy : kinds::refused, to_json(why)));
    finish(why.code, why.message);
}

void controller_side::granted(const grant& what) {
    if (phase_ == phase::established) {
        actions_.send(make_frame(kinds::renewed, to_json(what)));
        return;
    }
    if (phase_ != phase::deciding)
        return;
    actions_.send(make_frame(kinds::enrolled, to_json(what)));
    finish("enrolled", "the agent has its certificate");
}

void controller_side::not_granted(const farewell& why) {
    if (phase_ != phase::established)
        return refuse(why);
    actions_.send(make_frame(kinds::renewed, to_json(why))); // without a certificate: the agent tries again later
}

void controller_side::taken(std::uint64_t seq) {
    for (auto& each : unacknowledged_)
        if (each.seq == seq)
            each.safe = true;
    std::optional<std::uint64_t> last;
    while (!unacknowledged_.empty() && unacknowledged_.front().safe) {
        last = unacknowledged_.front().seq;
        unacknowledged_.pop_front();
    }
    if (!last || phase_ != phase::established)
        return;
    base::json_text out;
    out.begin_object().member("seq", static_cast<std::int64_t>(*last)).end_object();
    actions_.send(make_frame(kinds::ack, out.take()));
}

void controller_side::tick(base::steady_time now) {
    if (phase_ == phase::ended)
        return;
    if (phase_ != phase::established) {
        if (now - began_ >= settings_.greet_limit)
            finish("greet_timeout", "the agent did not greet in time");
        return;
    }
    switch (liveness_.judge(now)) {
    case liveness::verdict::fine:
        return;
    case liveness::verdict::ping:
        return actions_.ping();
    case liveness::verdict::dead:
        return finish("silent", "nothing was heard of the agent for " + base::to_text(now - last_heard()));
    }
}

void controller_side::say_goodbye(const farewell& why) {
    if (phase_ == phase::ended)
        return;
    actions_.send(make_frame(kinds::goodbye, to_json(why)));
    finish(why.code, why.message);
}

void controller_side::finish(std::string code, std::string reason) {
    phase_ = phase::ended;
    actions_.end(std::move(code), std::move(reason));
}

} // namespace ferrule::fleet::protocol
