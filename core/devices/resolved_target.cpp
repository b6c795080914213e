#include "devices/resolved_target.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace ferrule::devices {

namespace {

bool same_answers(const std::vector<model::prompt_reply>& left, const std::vector<model::prompt_reply>& right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const auto& a, const auto& b) { return a.pattern == b.pattern && a.reply == b.reply; });
}

bool same_login(const std::shared_ptr<const model::credential>& left,
                const std::shared_ptr<const model::credential>& right) {
    if (left == right)
        return true;
    if (!left || !right)
        return false;
    return left->name == right->name && left->username == right->username && left->password == right->password &&
           left->private_key == right->private_key && left->passphrase == right->passphrase &&
           left->agent_socket == right->agent_socket && left->enable_password == right->enable_password &&
           same_answers(left->answers, right->answers);
}

// Tells the logins that requests bring apart, as versions tell those of the inventory. Under a key of this process, so
// that nothing can be learned from it.
std::uint64_t version_of(const model::credential& login) {
    static const auto key = [] {
        std::array<unsigned char, crypto_generichash_KEYBYTES> made{};
        randombytes_buf(made.data(), made.size());
        return made;
    }();
    crypto_generichash_state state;
    std::array<unsigned char, crypto_generichash_BYTES> digest{};
    crypto_generichash_init(&state, key.data(), key.size(), digest.size());
    const auto add = [&state](std::string_view part) {
        const std::uint64_t size = part.size();
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(&size), sizeof(size));
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
    };
    for (const auto* part : {&login.password, &login.private_key, &login.passphrase})
        add(part->reveal());
    add(login.agent_socket);
    for (const auto& answer : login.answers) {
        add(answer.pattern);
        add(answer.reply.reveal());
    }
    crypto_generichash_final(&state, digest.data(), digest.size());
    std::uint64_t version = 0;
    std::memcpy(&version, digest.data(), sizeof(version));
    return version;
}

std::string login_text(const model::credential& login) {
    return "|" + login.name + "|" + login.username + "|" + std::to_string(login.version);
}

result<std::shared_ptr<const model::credential>> find_login(const inventory& known, const std::string& name,
                                                            const std::string& device) {
    if (name.empty())
        return std::shared_ptr<const model::credential>();
    auto found = known.find_credential(name);
    if (!found)
        return error("credential_not_found", "device \"" + device + "\" refers to the credential \"" + name +
                                                 "\", which does not exist: add it or correct the device");
    return found;
}

} // namespace

std::string resolved_target::login_key() const {
    std::string text = key();
    if (login)
        text += login_text(*login);
    for (const auto& each : jump_logins)
        if (each)
            text += login_text(*each);
    return text;
}

bool resolved_target::same_session(const resolved_target& other) const {
    return (device == other.device || device->at == other.device->at) && same_login(login, other.login) &&
           std::equal(jump_logins.begin(), jump_logins.end(), other.jump_logins.begin(), other.jump_logins.end(),
                      same_login);
}

result<resolved_ptr> resolve(const inventory& known, const model::job_request& request) {
    auto made = std::make_shared<resolved_target>();
    if (request.inline_at) {
        auto device = std::make_shared<model::device>();
        device->at = request.inline_at->at;
        device->name = device->at.host + ":" + std::to_string(device->at.port);
        made->device = std::move(device);
        if (request.inline_at->login) {
            auto login = std::make_shared<model::credential>(*request.inline_at->login);
            login->version = version_of(*login);
            made->login = std::move(login);
        }
    } else {
        made->device = known.find_device(request.device);
        if (!made->device) {
            const auto near = known.nearest_device(request.device);
            return error("device_not_found", "there is no device \"" + request.device + "\"" +
                                                 (near.empty() ? std::string() : "; did you mean \"" + near + "\"?"));
        }
        if (!made->device->enabled)
            return error("device_disabled", "the device \"" + request.device + "\" is disabled in the inventory");
    }
    if (!made->login) {
        auto login = find_login(known, made->at().credential, made->device->name);
        if (!login)
            return login.error();
        made->login = std::move(*login);
    }
    for (const auto& hop : made->at().jump) {
        auto login = find_login(known, hop.credential, made->device->name);
        if (!login)
            return login.error();
        made->jump_logins.push_back(std::move(*login));
    }
    made->order_key = model::device_key(made->at());
    return resolved_ptr(std::move(made));
}

} // namespace ferrule::devices
