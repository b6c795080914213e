#include "fleet/protocol/agent_side.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "fleet/protocol/frame.hpp"
#include "model/inventory_json.hpp"

#include <algorithm>

namespace ferrule::fleet::protocol {

using base::json;

agent_side::agent_side(agent_actions& actions, base::duration heartbeat, base::duration greet_limit,
                       base::steady_time now)
    : actions_(actions)
    , heartbeat_(heartbeat)
    , greet_limit_(greet_limit)
    , began_(now)
    , liveness_(silence_limit(heartbeat), now) {}

void agent_side::start(const hello& self) {
    actions_.send(make_frame(kinds::hello, to_json(self)));
}

void agent_side::received(std::string_view text, base::steady_time now) {
    if (phase_ == phase::ended)
        return;
    liveness_.heard(now);
    auto read = read_frame(text);
    if (!read)
        return finish({read.error().code(), read.error().message(), {}});
    if (read->kind == kinds::refused || read->kind == kinds::busy || read->kind == kinds::goodbye) {
        auto why = farewell_from(read->body);
        if (why.code.empty())
            why.code = read->kind;
        return finish(why);
    }
    if (phase_ == phase::established) {
        established_received(read->kind, read->body);
        model::wipe(read->body); // who takes an order with logins keeps them as secrets
        return;
    }
    if (read->kind != kinds::welcome)
        return; // of a newer controller, which may say more before
    const auto by = welcome_from(read->body);
    if (!by)
        return finish({by.error().code(), by.error().message(), {}});
    phase_ = phase::established;
    next_beat_ = now; // the first one at once: the controller learns how we fare
    actions_.welcomed(*by);
    tick(now);
}

void agent_side::established_received(const std::string& kind, const json& body) {
    if (kind == kinds::ack)
        return actions_.acknowledged(number_of(body, "seq"));
    if (kind == kinds::unsupported) {
        if (const auto seq = number_of(body, "seq"); seq != 0)
            actions_.rejected(seq, text_of(body, "kind", 64));
        return;
    }
    if (kind == kinds::renewed) {
        if (const auto what = grant_from(body))
            actions_.renewed(*what);
        else
            actions_.not_renewed(farewell_from(body));
        return;
    }
    if (!is_reserved(kind) && actions_.message(kind, body))
        return;
    base::json_text out;
    out.begin_object().member("kind", kind).end_object();
    actions_.send(make_frame(kinds::unsupported, out.take()));
}

void agent_side::beat(std::string_view body) {
    if (established())
        actions_.send(make_frame(kinds::heartbeat, body));
}

void agent_side::renew(const std::string& request) {
    base::json_text out;
    out.begin_object().member("csr", request).end_object();
    if (established())
        actions_.send(make_frame(kinds::renew, out.take()));
}

void agent_side::say_goodbye() {
    if (established())
        actions_.send(make_frame(kinds::goodbye, to_json(farewell{"stopping", "the agent stops", {}})));
    phase_ = phase::ended;
}

void agent_side::tick(base::steady_time now) {
    if (phase_ == phase::ended)
        return;
    if (phase_ == phase::greeting) {
        if (now - began_ >= greet_limit_)
            finish({"greet_timeout", "the controller did not answer the greeting in time", {}});
        return;
    }
    const auto seen = liveness_.judge(now);
    if (seen == liveness::verdict::dead)
        return finish({"silent",
                       "nothing was heard of the controller for " +
                           base::to_text(std::chrono::floor<std::chrono::milliseconds>(now - liveness_.last_heard())),
                       {}});
    if (seen == liveness::verdict::ping)
        actions_.ping();
    if (now < next_beat_)
        return;
    // On the grid that the first one began, however late this one is.
    next_beat_ += heartbeat_ * ((now - next_beat_) / heartbeat_ + 1);
    actions_.beat_due();
}

base::steady_time agent_side::next_tick(base::steady_time now) const noexcept {
    const auto soon = now + std::chrono::seconds(1);
    if (phase_ == phase::ended)
        return soon;
    if (phase_ == phase::greeting)
        return std::min(soon, began_ + greet_limit_);
    return std::min(soon, next_beat_);
}

void agent_side::finish(const farewell& why) {
    phase_ = phase::ended;
    actions_.end(why);
}

result<grant> enrolment_answer(std::string_view text) {
    const auto read = read_frame(text);
    if (!read)
        return read.error();
    if (read->kind == kinds::enrolled)
        return grant_from(read->body);
    const auto why = farewell_from(read->body);
    if (read->kind == kinds::busy)
        return error(why.code.empty() ? "busy" : why.code, why.message, true);
    if (read->kind == kinds::refused)
        return error(why.code.empty() ? "refused" : why.code, why.message);
    return error("invalid_message", "the controller answers \"" + read->kind + "\" to a wish for a certificate");
}

} // namespace ferrule::fleet::protocol
