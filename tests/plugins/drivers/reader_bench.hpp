// SPDX-License-Identifier: Apache-2.0
// A reader's surroundings: a platform, what is known of the conversation, and a clock that stands still.
#pragma once

#include "ssh/reader/prompt_reader.hpp"

#include "plugins/drivers/rig.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>

namespace ferrule::drivers_test {

using ssh::dialog;
using ssh::expectation;
using ssh::nanoseconds;
using ssh::prompt_reader;
using outcome = prompt_reader::outcome;

inline std::shared_ptr<const ssh::platform> rules_of(const std::string& name, const nlohmann::json& changes = {}) {
    auto object = drivers_test::platform(name);
    if (changes.is_object()) {
        object.update(changes);
    }
    auto compiled = ssh::platform::compile(object.dump());
    if (!compiled) {
        FAIL(compiled.error().message());
    }
    return *compiled;
}

struct bench {
    explicit bench(const std::string& platform_name = "cisco_ios", const nlohmann::json& changes = {})
        : rules(rules_of(platform_name, changes))
        , state(rules, 511, 24) {}

    /// Learns a prompt as a session does after the login.
    bench& at(const std::string& prompt) {
        prompt_reader reader(state, {}, now);
        reader.feed(prompt, now);
        reader.tick(now += ssh::second);
        REQUIRE(reader.state() == outcome::prompt);
        return *this;
    }

    expectation typed(const std::string& command) const {
        expectation wanted;
        wanted.typed = command;
        wanted.expect_echo = true;
        return wanted;
    }

    std::shared_ptr<const ssh::platform> rules;
    dialog state;
    nanoseconds now = 1000 * ssh::second;
};

} // namespace ferrule::drivers_test
