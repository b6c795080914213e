// SPDX-License-Identifier: Apache-2.0
// The probe "icmp": bursts of echo requests.
#include "icmp/engine.hpp"
#include "icmp/settings.hpp"

#include <ferrule/sdk/batch_probe.hpp>
#include <ferrule/sdk/plugin.hpp>
#include <ferrule/sdk/resolve.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace ferrule::icmp {

namespace {

ip_address from_resolver(const sdk::address& found) {
    ip_address made;
    made.of = found.is_v6() ? family::v6 : family::v4;
    std::memcpy(made.bytes.data(), found.raw().bytes, found.is_v6() ? 16 : 4);
    return made;
}

/// The address to probe: of the wanted family, else the first one where that is allowed.
const ip_address* choose(const std::vector<ip_address>& all, const probe_settings& settings) {
    const auto wanted = settings.source ? std::optional(settings.source->of) : settings.preferred;
    for (const auto& each : all) {
        if (!wanted || each.of == *wanted) {
            return &each;
        }
    }
    return settings.source || !settings.fallback || all.empty() ? nullptr : &all.front();
}

} // namespace

class icmp_probe final : public sdk::batch_probe {
  public:
    void configure(std::string_view config) override {
        const auto settings = read_config(config);
        if (engine_ == nullptr) {
            engine_ = std::make_unique<engine>(home());
        }
        engine_->configure(settings);
    }

    void begin(std::vector<item> items) override {
        for (auto& each : items) {
            std::string name;
            probe_settings settings;
            try {
                settings = read_target(each.where.settings(), engine_->settings().defaults, name);
            } catch (const sdk::failure& refused) {
                each.op.fail(refused.error());
                continue;
            }
            const auto literal = ip_address::parse(name);
            const auto which = engine_->add(std::move(each.op), name, settings, each.deadline);
            if (which == probe_handle()) {
                continue;
            }
            if (literal) {
                start(which, settings, name, {*literal});
            } else {
                spawn(look_up(which, settings, name, each.deadline));
            }
        }
        engine_->pump();
    }

    void cancel(frl_op op) override { engine_->cancel(op); }

  private:
    void coroutines_ended() noexcept override { engine_.reset(); }

    void start(probe_handle which, const probe_settings& settings, const std::string& name,
               const std::vector<ip_address>& all) {
        const auto* to = choose(all, settings);
        if (to == nullptr) {
            const auto wanted = settings.source ? settings.source->of : settings.preferred.value_or(family::v4);
            engine_->no_address(which,
                                "'" + name + "' has no " + (wanted == family::v4 ? "IPv4" : "IPv6") + " address.");
        } else {
            engine_->start(which, *to);
        }
    }

    sdk::task<> look_up(probe_handle which, probe_settings settings, std::string name, sdk::time_ns deadline) {
        const auto found = co_await sdk::resolve(name, deadline);
        if (!found) {
            engine_->no_address(which, found.error().message());
            engine_->pump();
            co_return;
        }
        std::vector<ip_address> all;
        for (const auto& each : *found) {
            all.push_back(from_resolver(each));
        }
        start(which, settings, name, all);
        engine_->pump();
    }

    std::unique_ptr<engine> engine_;
};

} // namespace ferrule::icmp

FERRULE_PROBE(
    ferrule::icmp::icmp_probe, "icmp", "1.0.0", "Bursts of echo requests with loss, round-trip times and jitter",
    R"({"type":"object","additionalProperties":false,"properties":{)"
    R"("count":{"type":"integer","minimum":1,"maximum":1000,"default":1,"description":"Packets of a burst"},)"
    R"("interval":{"type":"string","default":"100ms","description":"From packet to packet; 0ms sends all at once"},)"
    R"("timeout":{"type":"string","default":"1s","description":"How long the reply to a packet may take"},)"
    R"("size":{"type":"integer","minimum":16,"maximum":65507,"default":56,"description":"Bytes of payload"},)"
    R"("ttl":{"type":"integer","minimum":1,"maximum":255,"default":64,"description":"Hop limit of the requests"},)"
    R"("tos":{"type":"integer","minimum":0,"maximum":255,"default":0,"description":"Type of service or traffic class"},)"
    R"("dscp":{"type":"integer","minimum":0,"maximum":63,"description":"Upper six bits of it, instead of tos"},)"
    R"("dont_fragment":{"type":"boolean","default":false},)"
    R"("ip_version":{"enum":[4,6],"description":"Preferred family; without it the resolver's first address is taken"},)"
    R"("ip_fallback":{"type":"boolean","default":true,"description":"To the other family where that one has no address"},)"
    R"("source":{"type":"string","description":"Address to send from"},)"
    R"("sockets":{"enum":["auto","datagram","raw"],"default":"auto"},)"
    R"("receive_buffer":{"type":"integer","minimum":4096,"default":8388608,"description":"Bytes a socket may hold"},)"
    R"("max_probes":{"type":"integer","minimum":1,"maximum":1048576,"default":100000,"description":"Probes at once"}}})");
