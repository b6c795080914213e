// SPDX-License-Identifier: Apache-2.0
// The driver "ssh": network devices and servers over SSH.
#include "ssh/platform/json_reader.hpp"
#include "ssh/session/device_session.hpp"
#include "ssh/session/services.hpp"

#include <ferrule/sdk/driver.hpp>

#include <libssh/libssh.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace ferrule::ssh {

namespace {

std::string default_known_hosts() {
    const char* home = std::getenv("HOME");
    return std::string(home == nullptr || *home == '\0' ? "/root" : home) + "/.ssh/known_hosts";
}

} // namespace

class ssh_driver final : public sdk::driver {
  public:
    void configure(std::string_view config_json) override {
        if (with_ == nullptr) {
            ssh_init(); // counts its calls; the host's own comes first
            with_ = std::make_shared<services>(home());
        }
        const auto object =
            json_reader::parse(config_json.empty() ? "{}" : config_json, "The configuration", "invalid_config");
        json_reader in(object, "", "invalid_config");
        hop_options built_in;
        built_in.known_hosts = default_known_hosts();
        auto defaults = read_hop_options(in, built_in);
        const auto most = in.number("max_handshakes", 64, 1, 100'000);
        in.finish();
        with_->defaults = std::move(defaults);
        with_->handshakes.limit(most);
    }

    std::unique_ptr<sdk::driver_session> make_session() override { return std::make_unique<device_session>(with_); }

  private:
    std::shared_ptr<services> with_;
};

} // namespace ferrule::ssh

FERRULE_DRIVER(
    ferrule::ssh::ssh_driver, "ssh", "1.0.0", "Network devices and servers over SSH, with platforms as data",
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("known_hosts":{"type":"string","x-ferrule-local":true,)"
    R"("description":"File of known host keys; default ~/.ssh/known_hosts"},)"
    R"("host_key_policy":{"enum":["strict","accept_new","insecure"],"default":"strict"},)"
    R"("host_keys":{"type":"array","items":{"type":"string"},"description":"Trusted fingerprints instead of known_hosts"},)"
    R"("max_handshakes":{"type":"integer","minimum":1,"default":64,"description":"Key exchanges and logins at once"},)"
    R"("legacy_algorithms":{"type":"boolean","default":false},)"
    R"("algorithms":{"type":"object"},)"
    R"("agent":{"x-ferrule-local":true,"description":"Socket of an SSH agent, or true for SSH_AUTH_SOCK"}}})");
