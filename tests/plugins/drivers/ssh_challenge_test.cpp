// SPDX-License-Identifier: Apache-2.0
// Logins by keyboard-interactive on simulated devices.
#include "plugins/drivers/rig.hpp"
#include "simdevice/simulator.hpp"
#include "simdevice/testing.hpp"

#include <catch2/catch.hpp>

using namespace ferrule::drivers_test;
using namespace ferrule::simdevice;
using ferrule::simdevice::testing::small_device;

namespace {

device_spec with_user(user_spec user) {
    auto device = small_device();
    device.users = {std::move(user)};
    return device;
}

} // namespace

TEST_CASE("keyboard-interactive: the password is given once, and never as a new one") {
    user_spec user;
    user.name = "ops";
    const std::string second = GENERATE("Password: ", "New password: ", "(current) UNIX password: ");
    user.challenges = {{"", "", {{"Password: ", false, "s3cret"}}}, {"", "", {{second, false, "s3cret"}}}};
    simulator devices({with_user(user)});
    rig r;
    r.set_login({{"username", "ops"}, {"password", "s3cret"}});
    const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
    INFO(got.message());
    if (second == "Password: ") {
        CHECK(got.code() == "auth_failed");
        CHECK_THAT(got.message(), Catch::Contains("after the password had been given"));
    } else {
        CHECK(got.code() == "login_dialog");
        CHECK_THAT(got.message(), Catch::Contains("new password for 'ops'"));
    }
    CHECK(devices.counters("core1").logins == 0);
}

TEST_CASE("keyboard-interactive: a notice, the password, and a code from the credential's answers") {
    user_spec user;
    user.name = "ops";
    user.challenges = {{"Notice", "Authorised use only", {}},
                       {"", "", {{"Password: ", false, "s3cret"}}},
                       {"", "Second factor", {{"Verification code: ", true, "123456"}}}};
    simulator devices({with_user(user)});
    rig r;
    SECTION("answered") {
        const json answers = {{{"pattern", "code"}, {"reply", "123456"}}};
        r.set_login({{"username", "ops"}, {"password", "s3cret"}, {"answers", answers}});
        const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
        INFO(got.message());
        CHECK(got.ok);
    }
    SECTION("a prompt that nothing answers is named") {
        r.set_login({{"username", "ops"}, {"password", "s3cret"}});
        const auto got = r.open(1, r.target(devices.port("core1"), "cisco_ios"));
        CHECK(got.code() == "auth_failed");
        CHECK_THAT(got.message(), Catch::Contains("Verification code:") && Catch::Contains("answer"));
    }
}
