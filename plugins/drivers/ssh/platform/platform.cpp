// SPDX-License-Identifier: Apache-2.0
#include "ssh/platform/platform.hpp"

#include "ssh/platform/platform_reader.hpp"

namespace ferrule::ssh {

sdk::result<std::shared_ptr<const platform>> platform::compile(std::string_view json) {
    try {
        const auto object = json_reader::parse(json, "The platform", "invalid_platform");
        return platform_reader::read(object);
    } catch (const sdk::failure& f) {
        return f.error();
    }
}

std::size_t platform::mode_of(std::string_view prompt_text) const {
    for (std::size_t i = 0; i < modes.size(); ++i) {
        if (modes[i].pattern.matches(prompt_text, match_kind::whole)) {
            return i;
        }
    }
    return npos;
}

std::size_t platform::mode_named(std::string_view mode_name) const {
    for (std::size_t i = 0; i < modes.size(); ++i) {
        if (modes[i].name == mode_name) {
            return i;
        }
    }
    return npos;
}

} // namespace ferrule::ssh
