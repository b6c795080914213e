#include "fleet/exec/command_intake.hpp"

#include "base/json.hpp"
#include "base/strings.hpp"
#include "fleet/exec/messages.hpp"
#include "model/command_json.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ferrule::fleet::exec {

using base::json;

namespace {

std::string hash(const std::string& text) {
    std::array<unsigned char, 32> digest{};
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       nullptr, 0);
    std::array<char, 65> hex{};
    sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
    return hex.data();
}

error too_long(const char* name, base::duration asked, const char* setting, base::duration most) {
    return error("invalid_request", std::string(name) + ": " + base::to_text(asked) + " is more than " + setting +
                                        " (" + base::to_text(most) + ") allows");
}

bool matches(const model::agent& each, const model::command_targets& on) {
    if (each.state == model::agent_state::revoked)
        return false;
    if (on.all)
        return true;
    const auto has = [&each](const std::string& key, const std::string& value) {
        const auto at = each.tags.find(key);
        return at != each.tags.end() && at->second == value;
    };
    if (!on.group.empty())
        return has("group", on.group);
    return std::all_of(on.tags.begin(), on.tags.end(), [&has](const auto& tag) { return has(tag.first, tag.second); });
}

} // namespace

command_intake::command_intake(const agent_directory& agents, config::commands_settings limits)
    : agents_(agents)
    , limits_(std::move(limits)) {}

result<model::command_request> command_intake::completed(model::command_request request) const {
    if (request.what.timeout == base::duration::zero())
        request.what.timeout = limits_.default_timeout;
    if (request.what.timeout > limits_.max_timeout)
        return too_long("timeout", request.what.timeout, "commands.max_timeout", limits_.max_timeout);
    if (!request.ttl)
        request.ttl = limits_.default_ttl;
    if (*request.ttl > limits_.max_ttl)
        return too_long("ttl", *request.ttl, "commands.max_ttl", limits_.max_ttl);
    if (base::dump(model::to_json(request.what)).size() > longest_order)
        return error("invalid_request", "the command with its arguments and environment is longer than " +
                                            std::to_string(longest_order) + " bytes");
    return request;
}

result<std::vector<std::string>> command_intake::choose(const model::command_targets& on) const {
    std::vector<std::string> chosen;
    for (const auto& name : on.agents) {
        const auto known = agents_.find(name);
        if (!known || known->state == model::agent_state::revoked)
            return error("agent_not_found",
                         "there is no agent \"" + base::shortened(name, 128) +
                             (known ? "\": it has been revoked" : "\": ferrule agent list shows them"));
        chosen.push_back(name);
    }
    if (on.agents.empty())
        for (const auto& each : agents_.list())
            if (matches(*each, on))
                chosen.push_back(each->name);
    if (chosen.empty())
        return error("no_targets", "no agent fits " + base::dump(model::to_json(on)));
    if (chosen.size() > limits_.max_targets)
        return error("invalid_request", std::to_string(chosen.size()) + " agents are more than commands.max_targets (" +
                                            std::to_string(limits_.max_targets) + ") allows");
    return chosen;
}

std::string fingerprint_of(const model::command_request& request) {
    auto asked = model::to_json(request.what);
    asked["on"] = model::to_json(request.on);
    asked["ttl"] = request.ttl ? base::to_text(*request.ttl) : std::string();
    return hash(base::dump(asked));
}

std::string key_of(const asker& by) {
    return by.idempotency_key.empty() ? std::string() : hash(by.owner + "\n" + by.idempotency_key);
}

json audit_details(const model::fleet_command& made) {
    auto details = model::to_json(made.request.what);
    details["environment"] = json::array(); // names only: values may be secrets
    for (const auto& [name, value] : made.request.what.environment)
        details["environment"].push_back(name);
    details["on"] = model::to_json(made.request.on);
    details["targets"] = made.total;
    return details;
}

} // namespace ferrule::fleet::exec
