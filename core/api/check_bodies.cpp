#include "api/check_bodies.hpp"

#include "base/json.hpp"
#include "base/redact.hpp"
#include "model/check_json.hpp"

#include <algorithm>
#include <array>

namespace ferrule::api {

using base::json;

namespace {

// What is sent to a target may hold a login: probes have no other place for that of many protocols.
bool may_be_secret(std::string_view key) {
    constexpr std::array<std::string_view, 4> sent{"send", "send_hex", "body", "proxy_url"};
    return base::is_secret_key(key) || std::find(sent.begin(), sent.end(), key) != sent.end();
}

bool are_headers(std::string_view key) {
    return key == "headers" || key == "proxy_headers";
}

bool is_secret(std::string_view key, std::string_view value) {
    return may_be_secret(key) && (key != "proxy_url" || value.find('@') != std::string_view::npos);
}

void mask(json& settings, bool all = false) {
    if (settings.is_array())
        for (auto& each : settings)
            mask(each);
    if (!settings.is_object())
        return;
    for (auto& [key, value] : settings.items()) {
        if (!value.is_string())
            mask(value, are_headers(key));
        else if (all || is_secret(key, value.get_ref<const std::string&>()))
            value = base::redacted;
    }
}

void mask_check(json& check) {
    if (check.contains("settings"))
        mask(check["settings"]);
    for (auto& target : check["targets"])
        if (target.contains("settings"))
            mask(target["settings"]);
}

// What of `kept` has the same place among the targets: what it points at is the same, not where it stands in the list.
const json* same_target(const json& sent, const json* kept) {
    if (kept == nullptr || !kept->is_array() || !sent.is_object())
        return nullptr;
    const auto same = [&sent](const json& one) {
        const std::array keys{"name", "host", "port", "url"};
        return std::all_of(keys.begin(), keys.end(), [&](const char* key) {
            return sent.contains(key) == one.contains(key) && (!sent.contains(key) || sent[key] == one[key]);
        });
    };
    const auto at = std::find_if(kept->begin(), kept->end(), same);
    return at == kept->end() ? nullptr : &*at;
}

// Masks in `sent` become what stands at their place in `kept`; false when there is nothing. A list has places only as
// long as nothing in it has changed: otherwise a secret would move to a neighbour.
bool unmask(json& sent, const json* kept, bool headers = false) {
    bool all = true;
    if (sent.is_array()) {
        auto shown = kept == nullptr ? json() : *kept;
        mask(shown);
        const bool unchanged = shown == sent;
        for (std::size_t i = 0; i < sent.size(); ++i)
            all = unmask(sent[i], unchanged ? &(*kept)[i] : nullptr) && all;
    }
    if (!sent.is_object())
        return all;
    for (auto& [key, value] : sent.items()) {
        const json* there = kept != nullptr && kept->is_object() && kept->contains(key) ? &(*kept)[key] : nullptr;
        if (value.is_string() && value == base::redacted && (headers || may_be_secret(key))) {
            if (there == nullptr)
                all = false;
            else
                value = *there;
        } else {
            all = unmask(value, there, are_headers(key)) && all;
        }
    }
    return all;
}

const json* member(const json* of, const char* key) {
    return of != nullptr && of->is_object() && of->contains(key) ? &(*of)[key] : nullptr;
}

// Only settings have secrets.
bool unmask_check(json& sent, const json* kept) {
    bool all = !sent.contains("settings") || unmask(sent["settings"], member(kept, "settings"));
    if (!sent.contains("targets") || !sent["targets"].is_array())
        return all;
    for (auto& target : sent["targets"])
        if (target.is_object() && target.contains("settings"))
            all = unmask(target["settings"], member(same_target(target, member(kept, "targets")), "settings")) && all;
    return all;
}

} // namespace

json shown_check(const model::check& of) {
    auto shown = model::to_json(of);
    mask_check(shown);
    return shown;
}

result<model::check> read_check(json body, const std::string& name, const model::check* before) {
    if (!body.is_object())
        return model::check_from_json(body);
    body.erase("origin");
    body.erase("state");
    if (!name.empty() && !body.contains("name"))
        body["name"] = name;
    const auto kept = before == nullptr ? json() : model::to_json(*before);
    if (!unmask_check(body, before == nullptr ? nullptr : &kept))
        return error("invalid_request", "settings: " + std::string(base::redacted) +
                                            " stands in place of a secret that is not known; give the secret");
    auto read = model::check_from_json(body);
    if (read && !name.empty() && read->name != name)
        return error("invalid_request", "name: differs from the name in the path");
    return read;
}

} // namespace ferrule::api
