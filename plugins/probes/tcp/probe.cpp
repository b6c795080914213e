// SPDX-License-Identifier: Apache-2.0
// The probe "tcp": whether a port accepts connections, speaks TLS and says what it should, and how long each took.
#include "common/settings_cache.hpp"
#include "tcp/conversation.hpp"

#include <ferrule/sdk/probe.hpp>

namespace {

namespace sdk = ferrule::sdk;
using namespace ferrule::probes;

class tcp_probe final : public sdk::probe {
  public:
    void configure(std::string_view config) override {
        defaults_ = tcp::read_config(config);
        known_.clear();
    }

    sdk::task<sdk::probe_reply> measure(const sdk::target& where, sdk::call& c) override {
        const auto read = [this](const sdk::json& target) { return tcp::read_target(target, defaults_); };
        const auto how = known_.get(where.settings(), read);
        settings_reader place(where.settings(), "", "invalid_target");
        const auto host = host_of(place);
        const auto port = port_of(place);

        measurement found(this->host(), c.deadline());
        found.metric("failed_due_to_regex", 0);
        auto addresses = co_await locate(host, how->route, c.deadline());
        if (!addresses) {
            co_return found.down(addresses.why());
        }
        found.phase("resolve");

        stream connection(home(), c.deadline(), found.limit());
        auto failed = co_await connection.connect(*addresses, port, how->route);
        found.address(connection.peer().address());
        if (failed) {
            co_return found.down(*failed);
        }
        found.phase("connect");
        if (const auto rtt = connection.kernel_rtt_ms()) {
            found.metric("rtt_ms", *rtt);
        }

        if (how->tls || !how->steps.empty()) {
            tcp::conversation talk(connection, found, contexts_, *how, host);
            if (how->tls) {
                failed = co_await talk.secure();
            }
            if (!failed) {
                failed = co_await talk.talk();
            }
            if (failed) {
                co_return found.down(*failed);
            }
        }
        auto reply = found.up(); // before closing, which is no part of it
        connection.close(how->closing_of_success());
        co_return reply;
    }

  private:
    tcp::settings defaults_;
    settings_cache<tcp::settings> known_;
    tls_contexts contexts_;
};

} // namespace

FERRULE_PROBE(tcp_probe, "tcp", "1.0.0",
              "Connects to a TCP port, may speak TLS or STARTTLS, and holds a conversation by regular expressions",
              tcp::schema);
