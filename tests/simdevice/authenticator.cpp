#include "simdevice/authenticator.hpp"

#include <algorithm>

namespace ferrule::simdevice {

namespace {

std::vector<std::string> offered(const user_spec& user) {
    if (!user.require.empty()) {
        return user.require;
    }
    std::vector<std::string> methods;
    if (!user.authorized_keys.empty()) {
        methods.emplace_back("publickey");
    }
    if (!user.challenges.empty()) {
        methods.emplace_back("keyboard-interactive");
    }
    if (user.password || user.any_password) {
        methods.emplace_back("password");
    }
    return methods;
}

/// The second field of a line of an authorized_keys file.
std::string_view key_body(std::string_view line) {
    const auto start = line.find(' ');
    if (start == std::string_view::npos) {
        return line;
    }
    line.remove_prefix(start + 1);
    return line.substr(0, line.find(' '));
}

} // namespace

const user_spec* authenticator::find(std::string_view name) const {
    const auto place =
        std::find_if(users_.begin(), users_.end(), [&](const user_spec& user) { return user.name == name; });
    return place == users_.end() ? nullptr : &*place;
}

verdict authenticator::succeed(const user_spec& user, const std::string& method) {
    if (user_ != user.name) { // factors of another user count for nothing
        user_ = user.name;
        passed_.clear();
    }
    const auto allowed = offered(user);
    if (std::find(allowed.begin(), allowed.end(), method) == allowed.end()) {
        return {};
    }
    passed_.insert(method);
    const bool complete = std::all_of(user.require.begin(), user.require.end(),
                                      [&](const std::string& needed) { return passed_.contains(needed); });
    return {complete ? verdict::what::accept : verdict::what::partial};
}

verdict authenticator::password(std::string_view name, std::string_view password) {
    const auto* user = find(name);
    if (user == nullptr || !(user->any_password || (user->password && *user->password == password))) {
        return {};
    }
    return succeed(*user, "password");
}

verdict authenticator::public_key(std::string_view name, std::string_view base64, bool is_signed) {
    const auto* user = find(name);
    const bool known = user != nullptr && std::any_of(user->authorized_keys.begin(), user->authorized_keys.end(),
                                                      [&](const std::string& key) { return key_body(key) == base64; });
    if (!known) {
        return {verdict::what::refuse, nullptr, is_signed};
    }
    return is_signed ? succeed(*user, "publickey") : verdict{verdict::what::key_known};
}

verdict authenticator::challenge_begin(std::string_view name) {
    const auto* user = find(name);
    round_ = 0;
    if (user == nullptr || user->challenges.empty()) {
        return {verdict::what::refuse, nullptr, false};
    }
    return {verdict::what::challenge, &user->challenges.front()};
}

verdict authenticator::challenge_answer(std::string_view name, const std::vector<std::string>& answers) {
    const auto* user = find(name);
    if (user == nullptr || round_ >= user->challenges.size()) {
        return {};
    }
    const auto& asked = user->challenges[round_].prompts;
    if (!std::equal(
            asked.begin(), asked.end(), answers.begin(), answers.end(),
            [](const challenge_spec::prompt& prompt, const std::string& got) { return prompt.answer == got; })) {
        return {};
    }
    if (++round_ < user->challenges.size()) {
        return {verdict::what::challenge, &user->challenges[round_]};
    }
    return succeed(*user, "keyboard-interactive");
}

std::vector<std::string> authenticator::methods(std::string_view name) const {
    const auto* user = find(name);
    if (user == nullptr) {
        return {"publickey", "keyboard-interactive", "password"};
    }
    auto all = offered(*user);
    if (user_ == user->name) {
        std::erase_if(all, [&](const std::string& method) { return passed_.contains(method); });
    }
    return all;
}

std::string authenticator::passed() const {
    std::string all;
    for (const auto& method : passed_) {
        all += (all.empty() ? "" : "+") + method;
    }
    return all;
}

} // namespace ferrule::simdevice
