#include "fleet/joining.hpp"

#include "fleet/join_tokens.hpp"
#include "fleet/link.hpp"
#include "fleet/pki/request.hpp"
#include "fleet/protocol/agent_side.hpp"
#include "fleet/protocol/frame.hpp"
#include "net/web_socket_client.hpp"
#include "runtime/within.hpp"

#include <unistd.h>

#include <array>
#include <memory>

namespace ferrule::fleet {

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

namespace {

// Joining trusts the authority that the token names, and nobody else.
error with_hint(const error& why) {
    if (why.code() != "tls_failed")
        return why;
    return error(why.code(),
                 why.message() +
                     "; is this the address of fleet.listen, and was the join token made by this controller?",
                 why.retryable());
}

} // namespace

boost::asio::awaitable<result<agent_identity>> join_fleet(net::resolver& names, identity_file into,
                                                          config::agent_settings settings, std::string controller) {
    const auto& token = settings.join_token;
    if (token.empty())
        co_return error("not_joined", "this agent has not joined the fleet: make a token on the controller with "
                                      "`ferrule agent token create` and give it as agent.join_token");
    auto fingerprint = authority_in(token.reveal());
    if (!fingerprint)
        co_return fingerprint.error();
    auto context = net::make_pinned_client_context(*fingerprint);
    auto key = into.pending_key();
    if (!context || !key) {
        const auto why = context ? key.error() : context.error();
        co_return why;
    }
    protocol::enrolment wanted;
    auto request = pki::make_request(*key, settings.name);
    if (!request)
        co_return request.error();
    wanted.token = token.reveal();
    wanted.request = std::move(*request);
    wanted.name = settings.name;
    wanted.host = host_name();
    net::web_socket_limits limits;
    limits.message = longest_message;
    const auto limit = settings.connect_timeout;
    auto dialed = co_await net::dial_web_socket(names, controller, *context, limits, limit);
    if (!dialed)
        co_return with_hint(dialed.error());
    const auto over = *dialed;
    over->send(
        std::make_shared<const std::string>(protocol::make_frame(protocol::kinds::enrol, protocol::to_json(wanted))));
    base::wipe(wanted.token);
    const auto answer = co_await runtime::within(limit, over->read());
    over->cut_off();
    if (!answer)
        co_return answer.error();
    const auto granted = protocol::enrolment_answer(*answer);
    if (!granted)
        co_return granted.error();
    co_return into.save(*granted, *key);
}

} // namespace ferrule::fleet
