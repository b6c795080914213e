// SPDX-License-Identifier: Apache-2.0
// The probe "dns": whether a DNS server answers a question, with the code and the records that it should.
#include "common/settings_cache.hpp"
#include "dns/codes.hpp"
#include "dns/inquiry.hpp"

#include <ferrule/sdk/probe.hpp>

#include <algorithm>

namespace {

namespace sdk = ferrule::sdk;
using namespace ferrule::probes;

/// Tells the measurement what the answer holds.
void describe(const dns::message& got, measurement& into) {
    into.metric("dns_query_succeeded", 1);
    into.metric("dns_answer_rrs", static_cast<double>(got.answers.size()));
    into.metric("dns_authority_rrs", static_cast<double>(got.authorities.size()));
    into.metric("dns_additional_rrs", static_cast<double>(got.additionals.size()));
    into.metric("dns_rcode", got.rcode);
    into.metric("dns_authoritative", got.authoritative ? 1 : 0);
    into.label("rcode", dns::rcode_name(got.rcode));
    for (const auto& each : got.answers) {
        if (each.serial) {
            into.metric("dns_serial", *each.serial);
        }
    }
    const auto shortest = std::min_element(got.answers.begin(), got.answers.end(),
                                           [](const auto& a, const auto& b) { return a.ttl < b.ttl; });
    if (shortest != got.answers.end()) {
        into.metric("dns_ttl_seconds", shortest->ttl);
    }
}

/// What is not as it should be, or nothing.
std::optional<std::string> complaint(const dns::message& got, const dns::settings& how, measurement& into) {
    if (std::find(how.valid_rcodes.begin(), how.valid_rcodes.end(), got.rcode) == how.valid_rcodes.end()) {
        std::string wanted;
        for (const auto each : how.valid_rcodes) {
            wanted += (wanted.empty() ? "" : " or ") + dns::rcode_name(each);
        }
        return "the server answers " + dns::rcode_name(got.rcode) + ", expected " + wanted + ".";
    }
    auto wrong = how.answer.complaint(got.answers, "answer");
    wrong = wrong ? wrong : how.authority.complaint(got.authorities, "authority");
    wrong = wrong ? wrong : how.additional.complaint(got.additionals, "additional");
    into.metric("failed_due_to_regex", wrong ? 1 : 0);
    return wrong;
}

class dns_probe final : public sdk::probe {
  public:
    void configure(std::string_view config) override {
        defaults_ = dns::read_config(config);
        known_.clear();
    }

    sdk::task<sdk::probe_reply> measure(const sdk::target& where, sdk::call& c) override {
        const auto read = [this](const sdk::json& target) { return dns::read_target(target, defaults_); };
        const auto how = known_.get(where.settings(), read);
        settings_reader place(where.settings(), "", "invalid_target");
        const auto host = host_of(place);
        const auto port = port_of(place, how->default_port());

        measurement found(this->host(), c.deadline());
        found.metric("dns_query_succeeded", 0);
        auto addresses = co_await locate(host, how->route, c.deadline());
        if (!addresses) {
            co_return found.down(addresses.why());
        }
        found.phase("resolve");
        dns::inquiry question(home(), found, contexts_, *how, host);
        for (std::size_t i = 0; i < addresses->size(); ++i) {
            const auto address = (*addresses)[i];
            found.address(address);
            auto got = co_await question.ask(address, port);
            if (!got) {
                if (got.why().family_unusable() && i + 1 < addresses->size()) {
                    continue;
                }
                co_return found.down(got.why());
            }
            describe(*got, found);
            const auto wrong = complaint(*got, *how, found);
            if (wrong) {
                const fault why(sdk::probe_phase::answer, endpoint(address, port).text() + ": " + *wrong);
                co_return found.down(why);
            }
            break;
        }
        co_return found.up();
    }

  private:
    dns::settings defaults_;
    settings_cache<dns::settings> known_;
    tls_contexts contexts_;
};

} // namespace

FERRULE_PROBE(dns_probe, "dns", "1.0.0",
              "Asks a DNS server over UDP, TCP or TLS and checks the code and the records of its answer", dns::schema);
