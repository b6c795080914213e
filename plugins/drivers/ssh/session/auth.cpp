// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/auth.hpp"

#include "ssh/session/agent.hpp"
#include "ssh/session/handshake.hpp"
#include "ssh/session/private_key.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ferrule::ssh {

namespace {

enum class method : std::uint8_t { key, agent, interactive, password };

struct login_state {
    sdk::strand& home;
    std::shared_ptr<link> on;
    const hop& where;
    const credential& login;
    sdk::time_ns deadline;
    std::vector<method> tried{};
    std::string refused_prompt{}; ///< a challenge that nothing answers
    bool password_given = false;  ///< to a challenge
    bool new_password = false;    ///< the server wants the password changed

    [[nodiscard]] std::string agent_path() const {
        return where.options.agent.empty() ? login.agent : where.options.agent;
    }

    [[nodiscard]] sdk::error late() const {
        return {"auth_timeout", where.name() + " did not finish the login of '" + login.username + "' in time.", true};
    }
};

/// Repeats one libssh call until it says something else than "again".
template <class Call>
sdk::task<sdk::result<int>> until_done(login_state& state, Call call) {
    for (;;) {
        const auto before = state.on->received();
        const int rc = call();
        state.on->settle();
        if (rc != SSH_AUTH_AGAIN) {
            co_return rc;
        }
        if (state.on->received() != before) {
            continue;
        }
        const auto waited = co_await next_activity(*state.on, state.deadline, state.late());
        if (!waited) {
            co_return waited.error();
        }
    }
}

bool allows(int methods, unsigned method_bit) {
    return (static_cast<unsigned>(methods) & method_bit) != 0;
}

std::string listed(int methods) {
    std::string out;
    for (const auto& [bit, name] :
         {std::pair{SSH_AUTH_METHOD_PUBLICKEY, "publickey"}, std::pair{SSH_AUTH_METHOD_PASSWORD, "password"},
          std::pair{SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive"},
          std::pair{SSH_AUTH_METHOD_HOSTBASED, "hostbased"},
          std::pair{SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic"}}) {
        if (allows(methods, bit)) {
            out += (out.empty() ? "" : ", ") + std::string(name);
        }
    }
    return out.empty() ? "no method at all" : out;
}

const char* name_of(method m) {
    switch (m) {
    case method::key:
        return "the private key";
    case method::agent:
        return "the agent's keys";
    case method::interactive:
        return "keyboard-interactive";
    case method::password:
        return "the password";
    }
    return "";
}

sdk::error refused(const login_state& state, int methods) {
    if (state.new_password) {
        return {"login_dialog", state.where.name() + " demands a new password for '" + state.login.username +
                                    "' before it lets anyone in; change it there by hand."};
    }
    std::string tried;
    for (const auto m : state.tried) {
        tried += (tried.empty() ? "" : ", ") + std::string(name_of(m));
    }
    std::string text = state.where.name() + " refused the login of '" + state.login.username + "'. It allows " +
                       listed(methods) + "; " +
                       (tried.empty() ? "the credential holds nothing for any of these" : "tried: " + tried) + ".";
    if (!state.refused_prompt.empty()) {
        text += " It asked '" + state.refused_prompt + "'" +
                (state.password_given ? " after the password had been given" : "") +
                ", which nothing in the credential answers: add an answer with a pattern for it" +
                (state.password_given ? ", or correct the password." : ".");
    }
    return {"auth_failed", std::move(text)};
}

/// The next method worth trying. Answers for challenges mean that keyboard-interactive is what this server is about;
/// otherwise the password goes first, and never a second time by the other way.
std::vector<method> candidates(const login_state& state, int methods) {
    const bool by_key = allows(methods, SSH_AUTH_METHOD_PUBLICKEY);
    const bool by_password = allows(methods, SSH_AUTH_METHOD_PASSWORD);
    const bool by_challenge = allows(methods, SSH_AUTH_METHOD_INTERACTIVE);
    const bool has_answers = !state.login.answers.empty();
    const bool has_password = !state.login.password.empty();
    std::vector<method> out;
    if (by_key && !state.login.private_key.empty()) {
        out.push_back(method::key);
    }
    if (by_key && !state.agent_path().empty()) {
        out.push_back(method::agent);
    }
    const bool password_was_tried = std::ranges::find(state.tried, method::password) != state.tried.end();
    const bool by_answers = by_challenge && has_answers;
    if (by_password && has_password && !by_answers) {
        out.push_back(method::password);
    } else if (by_answers || (by_challenge && !password_was_tried)) {
        out.push_back(method::interactive);
    }
    std::erase_if(out, [&](method m) { return std::ranges::find(state.tried, m) != state.tried.end(); });
    return out;
}

/// The reply to a challenge, or null. A password-like prompt that is not echoed gets the password, but only once: a
/// server that asks again has refused it, or wants another one.
const secret_text* answer_for(login_state& state, const char* prompt, bool echoed) {
    for (const auto& answer : state.login.answers) {
        if (answer.pattern.matches(prompt)) {
            return &answer.reply;
        }
    }
    // One a thread: a pattern is used by one thread at a time, and instances of the driver may have different ones.
    thread_local const auto password_like = *regex::compile("pass(word|phrase|code)|kennwort|mot de passe|contrase");
    thread_local const auto new_password =
        *regex::compile("\\b(new|re-?type|re-?enter|repeat|confirm|change|current|old)\\b.*pass(word|phrase|code)");
    if (new_password.matches(prompt) && state.password_given) {
        state.new_password = true;
        return nullptr;
    }
    const bool fits = password_like.matches(prompt) ||
                      (!echoed && std::string_view(prompt).find_first_not_of(" :") == std::string_view::npos);
    if (!fits || state.password_given || state.login.password.empty()) {
        return nullptr;
    }
    state.password_given = true;
    return &state.login.password;
}

sdk::task<sdk::result<int>> challenge(login_state& state) {
    for (int round = 0; round < 20; ++round) {
        auto call = [&] { return ssh_userauth_kbdint(state.on->raw(), nullptr, nullptr); };
        auto rc = co_await until_done(state, call);
        if (!rc || *rc != SSH_AUTH_INFO) {
            co_return rc;
        }
        const int prompts = ssh_userauth_kbdint_getnprompts(state.on->raw());
        for (int i = 0; i < prompts; ++i) {
            char echo = 0;
            const char* prompt = ssh_userauth_kbdint_getprompt(state.on->raw(), static_cast<unsigned>(i), &echo);
            const auto* reply = answer_for(state, prompt == nullptr ? "" : prompt, echo != 0);
            if (reply == nullptr) {
                state.refused_prompt = prompt == nullptr ? "" : prompt;
                co_return SSH_AUTH_DENIED;
            }
            ssh_userauth_kbdint_setanswer(state.on->raw(), static_cast<unsigned>(i), reply->c_str());
        }
    }
    co_return SSH_AUTH_DENIED;
}

sdk::task<sdk::result<int>> by_key(login_state& state) {
    auto key = co_await import_key(state.login);
    if (!key) {
        co_return key.error();
    }
    auto call = [&] { return ssh_userauth_publickey(state.on->raw(), nullptr, key->get()); };
    co_return co_await until_done(state, call);
}

sdk::task<sdk::result<int>> attempt_method(login_state& state, method how) {
    switch (how) {
    case method::key:
        co_return co_await by_key(state);
    case method::agent: {
        auto path = state.agent_path();
        co_return co_await login_by_agent(state.home, state.on, std::move(path), state.deadline, state.late());
    }
    case method::interactive:
        co_return co_await challenge(state);
    case method::password: {
        auto call = [&] { return ssh_userauth_password(state.on->raw(), nullptr, state.login.password.c_str()); };
        co_return co_await until_done(state, call);
    }
    }
    co_return SSH_AUTH_DENIED;
}

/// What an error of libssh during the login means: most servers hang up after too many failures.
sdk::error broken(const login_state& state, int methods) {
    if (!state.tried.empty()) {
        auto why = refused(state, methods);
        return {why.code(), why.message() + " It then ended the connection."};
    }
    return {"session_lost",
            state.where.name() + " ended the connection before the login: " + state.on->error_text() + ".", true};
}

} // namespace

sdk::task<sdk::result<void>> authenticate(sdk::strand& home, std::shared_ptr<link> on, const hop& where,
                                          const credential& login, sdk::time_ns deadline) {
    login_state state{home, std::move(on), where, login, deadline};
    auto first = [&] { return ssh_userauth_none(state.on->raw(), nullptr); };
    auto rc = co_await until_done(state, first);
    int methods = 0;
    for (;;) {
        if (!rc) {
            co_return rc.error();
        }
        if (*rc == SSH_AUTH_SUCCESS) {
            co_return sdk::ok();
        }
        if (*rc == SSH_AUTH_ERROR) {
            co_return broken(state, methods);
        }
        methods = ssh_userauth_list(state.on->raw(), nullptr);
        const auto next = candidates(state, methods);
        if (next.empty()) {
            co_return refused(state, methods);
        }
        state.tried.push_back(next.front());
        rc = co_await attempt_method(state, next.front());
    }
}

} // namespace ferrule::ssh
