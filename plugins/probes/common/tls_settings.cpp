// SPDX-License-Identifier: Apache-2.0
#include "common/tls_settings.hpp"

#include <openssl/ssl.h>

#include <array>
#include <utility>

namespace ferrule::probes {

namespace {

constexpr std::array<std::pair<std::string_view, int>, 4> versions{{
    {"1.0", TLS1_VERSION},
    {"1.1", TLS1_1_VERSION},
    {"1.2", TLS1_2_VERSION},
    {"1.3", TLS1_3_VERSION},
}};

void read_version(settings_reader& from, std::string_view key, int& version) {
    if (from.find(key) == nullptr) {
        return;
    }
    const auto text = from.choice(key, "", {"1.0", "1.1", "1.2", "1.3"});
    for (const auto& [name, number] : versions) {
        if (name == text) {
            version = number;
        }
    }
}

} // namespace

void tls_settings::read(settings_reader from) {
    verify = from.flag("verify", verify);
    ca_file = from.text("ca_file", ca_file);
    server_name = from.text("server_name", server_name);
    read_version(from, "min_version", min_version);
    read_version(from, "max_version", max_version);
    client_cert = from.text("client_cert", client_cert);
    client_key = from.text("client_key", client_key);
    from.finish();
    if (min_version != 0 && max_version != 0 && min_version > max_version) {
        from.refuse("max_version", "is older than 'min_version'; no version is left.");
    }
    if (client_cert.empty() != client_key.empty()) {
        from.refuse(client_cert.empty() ? "client_key" : "client_cert",
                    "'client_cert' and 'client_key' belong together; give both.");
    }
}

} // namespace ferrule::probes
