// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/credential.hpp"

#include "ssh/net/digest.hpp"
#include "ssh/platform/json_reader.hpp"

namespace ferrule::ssh {

namespace {

constexpr const char* bad = "invalid_credential";

/// Takes a text out of the JSON tree and wipes it there.
secret_text take(nlohmann::json& object, const char* key) {
    const auto at = object.find(key);
    if (at == object.end() || at->is_null()) {
        return secret_text("");
    }
    if (!at->is_string()) {
        throw sdk::failure(sdk::error(bad, std::string("'") + key + "' of the credential must be a text."));
    }
    auto& text = at->get_ref<std::string&>();
    secret_text out(text);
    sdk::wipe(text.data(), text.size());
    return out;
}

} // namespace

credential credential::parse(std::string_view json) {
    auto object = json_reader::parse(json, "The credential", bad);
    if (!object.is_object()) {
        throw sdk::failure(sdk::error(bad, "The credential must be an object."));
    }
    credential out;
    out.identity = sha256_hex(json);
    out.username = take(object, "username").view();
    out.password = take(object, "password");
    out.private_key = take(object, "private_key");
    out.passphrase = take(object, "passphrase");
    out.certificate = take(object, "certificate");
    out.enable = take(object, "enable_password");
    out.agent = take(object, "agent_socket").view();
    if (const auto answers = object.find("answers"); answers != object.end() && answers->is_array()) {
        for (auto& item : *answers) {
            const auto text = take(item, "pattern");
            auto pattern = regex::compile(text.view());
            if (!pattern) {
                throw sdk::failure(sdk::error(bad, "An answer of the credential: " + pattern.error().message()));
            }
            out.answers.push_back({*std::move(pattern), take(item, "reply")});
        }
    }
    return out;
}

} // namespace ferrule::ssh
