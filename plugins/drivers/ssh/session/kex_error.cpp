// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/kex_error.hpp"

#include <array>
#include <utility>

namespace ferrule::ssh {

namespace {

struct meaning {
    std::string_view words;  ///< libssh's name of the method
    std::string_view name;   ///< for people
    std::string_view option; ///< in `options.algorithms`
};

constexpr std::array<meaning, 5> meanings{{
    {"kex algos", "key exchange", "kex"},
    {"server host key algo", "host key", "host_key_algorithms"},
    {"encryption", "cipher", "ciphers"},
    {"mac algo", "MAC", "macs"},
    {"compression", "compression", ""},
}};

std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before);
    if (begin == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(begin + before.size());
    return text.substr(0, text.find(after));
}

} // namespace

sdk::error kex_error(const std::string& where, std::string_view text, bool greeted) {
    const auto method = between(text, "no match for method ", ": server");
    if (!method.empty()) {
        const auto offered = between(text, "server [", "]");
        for (const auto& m : meanings) {
            if (method.find(m.words) == std::string_view::npos) {
                continue;
            }
            std::string advice = "There is nothing to be done from here.";
            if (!m.option.empty()) {
                advice = "Allow one for this device, for example options: {algorithms: {" + std::string(m.option) +
                         ": [+" + std::string(offered.substr(0, offered.find(','))) +
                         "]}}, or all old ones with legacy_algorithms: true.";
            }
            return {"kex_failed", where + " and Ferrule have no " + std::string(m.name) +
                                      " algorithm in common; it offers " + std::string(offered) + ". " + advice};
        }
    }
    if (!greeted || text.find("rotocol") != std::string_view::npos) {
        return {"kex_failed", where + " does not speak SSH 2 (" + std::string(text) + "): is this the right port?"};
    }
    if (text.find("ocket error") != std::string_view::npos) {
        return {"kex_failed",
                where +
                    " ended the connection during the key exchange. It may have no algorithm in common with Ferrule: "
                    "try legacy_algorithms: true; or it takes no more sessions.",
                true};
    }
    return {"kex_failed", "The SSH key exchange with " + where + " failed: " + std::string(text) + ".", true};
}

} // namespace ferrule::ssh
