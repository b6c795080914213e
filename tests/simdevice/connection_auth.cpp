// How a connection answers authentication requests.
#include "simdevice/connection.hpp"

#include "simdevice/pending_forward.hpp"

// libssh deprecates reading requests out of messages in favour of callbacks, but a callback must answer at once,
// and a device may be slow to answer.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace ferrule::simdevice {

namespace {

std::string text_of(const char* text) {
    return text == nullptr ? std::string() : std::string(text);
}

verdict judge_key(authenticator& gate, ssh_message message, const std::string& user) {
    const auto state = ssh_message_auth_publickey_state(message);
    char* base64 = nullptr;
    if (state == SSH_PUBLICKEY_STATE_WRONG || state == SSH_PUBLICKEY_STATE_ERROR ||
        ssh_pki_export_pubkey_base64(ssh_message_auth_pubkey(message), &base64) != SSH_OK) {
        return {};
    }
    const std::string key(base64);
    ssh_string_free_char(base64);
    return gate.public_key(user, key, state == SSH_PUBLICKEY_STATE_VALID);
}

verdict judge_challenge(authenticator& gate, ssh_session session, ssh_message message, const std::string& user) {
    if (ssh_message_auth_kbdint_is_response(message) == 0) {
        return gate.challenge_begin(user);
    }
    std::vector<std::string> answers;
    const int count = ssh_userauth_kbdint_getnanswers(session);
    for (int i = 0; i < count; ++i) {
        answers.push_back(text_of(ssh_userauth_kbdint_getanswer(session, static_cast<unsigned>(i))));
    }
    return gate.challenge_answer(user, answers);
}

} // namespace

void connection::set_methods(const std::string& user) {
    unsigned mask = 0;
    for (const auto& method : gate_.methods(user)) {
        mask |= method == "password"    ? SSH_AUTH_METHOD_PASSWORD
                : method == "publickey" ? SSH_AUTH_METHOD_PUBLICKEY
                                        : SSH_AUTH_METHOD_INTERACTIVE;
    }
    ssh_set_auth_methods(session_.get(), static_cast<int>(mask));
}

void connection::send_banner() {
    const auto& banner = device_.spec().banner;
    if (!banner_sent_ && !banner.empty()) {
        auto* text = ssh_string_from_char(banner.c_str());
        ssh_send_issue_banner(session_.get(), text);
        ssh_string_free(text);
    }
    banner_sent_ = true;
}

void connection::handle_auth(message_handle message) {
    send_banner();
    const auto delay = device_.spec().auth_delay;
    if (delay.count() == 0) {
        answer_auth(std::move(message));
        return;
    }
    held_ = std::move(message); // a client waits for the answer before it asks again
    loop_.cancel(timer_);
    timer_ = loop_.after(delay, [this] {
        timer_ = 0;
        answer_auth(std::move(held_));
        pump();
    });
}

void connection::answer_auth(message_handle message) {
    auto user = text_of(ssh_message_auth_user(message.get()));
    if (user.empty()) { // libssh gives the answers to a challenge no user name; it is that of the request before
        user = user_;
    }
    user_ = user;
    verdict given{verdict::what::refuse, nullptr, false};
    switch (ssh_message_subtype(message.get())) {
    case SSH_AUTH_METHOD_PASSWORD:
        given = gate_.password(user, text_of(ssh_message_auth_password(message.get())));
        break;
    case SSH_AUTH_METHOD_PUBLICKEY:
        given = judge_key(gate_, message.get(), user);
        break;
    case SSH_AUTH_METHOD_INTERACTIVE:
        given = judge_challenge(gate_, session_.get(), message.get(), user);
        break;
    default: // "none", by which clients ask for the methods
        break;
    }
    set_methods(user);
    reply(std::move(message), given, user);
}

void connection::reply(message_handle message, const verdict& given, const std::string& user) {
    switch (given.answer) {
    case verdict::what::refuse:
        if (given.counts) {
            device_.record.login_failed(id_);
        }
        ssh_message_reply_default(message.get());
        break;
    case verdict::what::partial:
        ssh_message_auth_reply_success(message.get(), 1);
        break;
    case verdict::what::key_known:
        ssh_message_auth_reply_pk_ok_simple(message.get());
        break;
    case verdict::what::challenge:
        ask(message.get(), *given.round);
        break;
    case verdict::what::accept:
        device_.record.logged_in(id_, user, gate_.passed());
        ssh_message_auth_reply_success(message.get(), 0);
        break;
    }
}

void connection::ask(ssh_message message, const challenge_spec& round) {
    std::vector<const char*> prompts;
    std::vector<char> echo;
    for (const auto& prompt : round.prompts) {
        prompts.push_back(prompt.text.c_str());
        echo.push_back(prompt.echo ? '\1' : '\0');
    }
    ssh_message_auth_interactive_request(message, round.name.c_str(), round.instruction.c_str(),
                                         static_cast<unsigned>(prompts.size()), prompts.data(), echo.data());
}

} // namespace ferrule::simdevice
