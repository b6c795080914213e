#include "fleet/enroller.hpp"

#include "base/log.hpp"
#include "fleet/pki/request.hpp"
#include "fleet/store_write.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::fleet {

enroller::enroller(const pki::authority& from, join_tokens& tokens, registry& book, store::store& records,
                   const base::clock& clock, base::duration lifetime)
    : authority_(from)
    , tokens_(tokens)
    , book_(book)
    , records_(records)
    , clock_(clock)
    , lifetime_(lifetime) {}

result<std::string> enroller::take_name(const join_token& token, const std::string& wanted) {
    const auto& name = token.used_at ? token.used_by : token.name.empty() ? wanted : token.name;
    if (!model::is_name(name))
        return error("invalid_name", "the agent's name must be 1 to 128 letters, digits and any of . _ -");
    if (name == reserved_)
        return error("agent_name_taken", "\"" + name +
                                             "\" is the name of the controller's own node: choose another name for the "
                                             "agent (agent.name), or for the controller (node)");
    const std::lock_guard lock(mutex_);
    // Asking again is for an answer that was lost: whoever has connected since had it, and what is revoked stays out.
    if (token.used_at) {
        const auto known = book_.find(name);
        const bool answered = known && known->last_seen_at && *known->last_seen_at >= *token.used_at;
        if (!known || answered || known->state == model::agent_state::revoked)
            return error("join_token_used",
                         "the join token was already used by " + name + ": each admits one agent, so make a new one");
    }
    // Whoever makes a token for a name may take it over; a token for any name takes over none.
    if (being_admitted_.contains(name) || (!token.used_at && token.name.empty() && book_.is_taken(name)))
        return error("agent_name_taken",
                     "there is an agent named \"" + name +
                         "\" already: choose another name, revoke that agent, or make a join token for this very name");
    being_admitted_.insert(name);
    return name;
}

void enroller::give_back_name(const std::string& name) {
    const std::lock_guard lock(mutex_);
    being_admitted_.erase(name);
}

asio::awaitable<result<protocol::grant>> enroller::enrol(protocol::enrolment wanted) {
    auto requester = pki::requester_of(wanted.request);
    if (!requester)
        co_return requester.error();
    auto token = tokens_.claim(wanted.token, *requester);
    if (!token)
        co_return token.error();
    auto name = take_name(*token, wanted.name);
    if (!name) {
        tokens_.release(*token);
        co_return name.error();
    }
    auto made = co_await admit(*token, *name, std::move(wanted), std::move(*requester));
    give_back_name(*name);
    if (!made)
        tokens_.release(*token);
    co_return made;
}

asio::awaitable<result<protocol::grant>> enroller::admit(join_token token, std::string name, protocol::enrolment wanted,
                                                         std::string requester) {
    const auto now = clock_.wall_now();
    const auto signed_ = authority_.sign_agent(wanted.request, name, now, lifetime_, book_.highest_serial(name));
    if (!signed_)
        co_return signed_.error();
    admission entry;
    entry.name = name;
    entry.certificate = signed_->facts;
    entry.tags = token.tags;
    entry.region = token.region;
    entry.host = wanted.host;
    token.used_at = now;
    token.used_by = name;
    token.requester = std::move(requester);
    std::vector<store::record> both;
    both.push_back(tokens_.record_of(token));
    both.push_back(book_.record_of(entry));
    auto written = co_await write_all(records_, std::move(both));
    if (!written)
        co_return written.error();
    tokens_.settle(token);
    auto admitted = book_.admit(entry);
    if (!admitted)
        co_return admitted.error();
    if (admitted_)
        admitted_(name);
    base::log::info("fleet", "an agent has joined",
                    {{"agent", name},
                     {"host", wanted.host},
                     {"serial", entry.certificate.serial},
                     {"join", token.id},
                     {"expires", base::to_rfc3339(entry.certificate.not_after)}});
    protocol::grant out;
    out.certificate = signed_->pem;
    out.command_key = command_key_;
    out.authority = authority_.certificate();
    co_return out;
}

asio::awaitable<result<protocol::grant>> enroller::renew(std::string name, std::string request) {
    const auto signed_ = authority_.sign_agent(request, name, clock_.wall_now(), lifetime_, book_.highest_serial(name));
    if (!signed_)
        co_return signed_.error();
    auto written = co_await book_.renewed(name, signed_->facts);
    if (!written)
        co_return written.error();
    base::log::info(
        "fleet", "an agent's certificate is renewed",
        {{"agent", name}, {"serial", signed_->facts.serial}, {"expires", base::to_rfc3339(signed_->facts.not_after)}});
    protocol::grant out;
    out.certificate = signed_->pem;
    out.authority = authority_.certificate();
    co_return out;
}

} // namespace ferrule::fleet
