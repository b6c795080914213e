// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/services.hpp"

namespace ferrule::ssh {

namespace {

constexpr const char* generic = R"({"name":"generic","prompt":{"pattern":"^[^\\n]{0,200}[#>$%\\]]$"},"echo":"fuzzy"})";

} // namespace

sdk::result<std::shared_ptr<const platform>> platform_cache::get(const std::string& json) {
    const auto& text = json.empty() ? std::string(generic) : json;
    if (const auto found = known_.find(text); found != known_.end()) {
        if (auto there = found->second.lock()) {
            return there;
        }
    }
    auto compiled = platform::compile(text);
    if (compiled) {
        std::erase_if(known_, [](const auto& item) { return item.second.expired(); });
        known_[text] = *compiled;
    }
    return compiled;
}

} // namespace ferrule::ssh
