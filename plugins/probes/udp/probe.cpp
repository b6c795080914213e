// SPDX-License-Identifier: Apache-2.0
// The probe "udp": whether a UDP service answers as it should, and whether its port is closed when it does not.
#include "common/settings_cache.hpp"
#include "udp/exchange.hpp"

#include <ferrule/sdk/probe.hpp>

namespace {

namespace sdk = ferrule::sdk;
using namespace ferrule::probes;

class udp_probe final : public sdk::probe {
  public:
    void configure(std::string_view config) override {
        defaults_ = udp::read_config(config);
        known_.clear();
    }

    sdk::task<sdk::probe_reply> measure(const sdk::target& where, sdk::call& c) override {
        const auto read = [this](const sdk::json& target) { return udp::read_target(target, defaults_); };
        const auto how = known_.get(where.settings(), read);
        settings_reader place(where.settings(), "", "invalid_target");
        const auto host = host_of(place);
        const auto port = port_of(place);

        measurement found(this->host(), c.deadline());
        auto addresses = co_await locate(host, how->route, c.deadline());
        if (!addresses) {
            co_return found.down(addresses.why());
        }
        found.phase("resolve");
        maybe_fault failed;
        for (const auto& address : *addresses) {
            found.address(address);
            udp::exchange talk(home(), found, *how, endpoint(address, port));
            failed = co_await talk.run();
            if (!failed || !failed->family_unusable()) {
                break;
            }
        }
        found.phase("request");
        if (failed) {
            co_return found.down(*failed);
        }
        co_return found.up();
    }

  private:
    udp::settings defaults_;
    settings_cache<udp::settings> known_;
};

} // namespace

FERRULE_PROBE(udp_probe, "udp", "1.0.0",
              "Sends a datagram and looks at the answer; tells a closed port from a silent one", udp::schema);
