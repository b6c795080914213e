// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/handshake.hpp"

#include "ssh/hostkey/host_key_store.hpp"
#include "ssh/net/digest.hpp"
#include "ssh/session/algorithm_list.hpp"
#include "ssh/session/auth.hpp"
#include "ssh/session/kex_error.hpp"

#include <ferrule/sdk/offload.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace ferrule::ssh {

namespace {

/// Unacknowledged data for so long means that the peer is gone (RFC 5482).
constexpr unsigned user_timeout_ms = 30'000;

void set_text(link& on, ssh_options_e option, const std::string& value, const char* name) {
    if (!value.empty() && ssh_options_set(on.raw(), option, value.c_str()) != SSH_OK) {
        throw sdk::failure(sdk::error("invalid_target", std::string("The option ") + name + " ('" + value +
                                                            "') holds nothing that libssh knows: " + on.error_text() +
                                                            "."));
    }
}

/// Puts those algorithms first whose keys are known, so that a host with several keys does not look like a stranger.
std::string known_first(const std::vector<std::string>& known_types, const std::string& algorithms) {
    std::string first;
    std::string rest;
    for (std::size_t at = 0; at < algorithms.size();) {
        const auto end = std::min(algorithms.find(',', at), algorithms.size());
        const auto name = algorithms.substr(at, end - at);
        const auto type = name.starts_with("rsa-sha2-") ? std::string("ssh-rsa") : name;
        auto& to = std::ranges::find(known_types, type) != known_types.end() ? first : rest;
        to += (to.empty() ? "" : ",") + name;
        at = end + 1;
    }
    return first.empty() || rest.empty() ? first + rest : first + "," + rest;
}

void set_options(link& on, const hop& where, const credential& login, const std::vector<std::string>& known_types) {
    const bool no = false;
    ssh_options_set(on.raw(), SSH_OPTIONS_PROCESS_CONFIG, &no);
    ssh_options_set(on.raw(), SSH_OPTIONS_SSH_DIR, "/nonexistent"); // else each session looks up a home directory
    ssh_options_set(on.raw(), SSH_OPTIONS_HOST, where.host.c_str());
    ssh_options_set(on.raw(), SSH_OPTIONS_USER, login.username.c_str());
    ssh_options_set(on.raw(), SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
    ssh_options_set(on.raw(), SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
    const auto& algos = where.options.algos;
    const auto list = [&](ssh_options_e option, const std::string& configured, std::string_view usual,
                          const char* name) { set_text(on, option, algorithm_list(configured, usual), name); };
    list(SSH_OPTIONS_KEY_EXCHANGE, algos.kex, default_algorithms::kex, "kex");
    const auto host_keys = algorithm_list(algos.host_key, default_algorithms::host_key);
    set_text(on, SSH_OPTIONS_HOSTKEYS, known_first(known_types, host_keys), "host_key_algorithms");
    list(SSH_OPTIONS_CIPHERS_C_S, algos.ciphers, default_algorithms::ciphers, "ciphers");
    list(SSH_OPTIONS_CIPHERS_S_C, algos.ciphers, default_algorithms::ciphers, "ciphers");
    list(SSH_OPTIONS_HMAC_C_S, algos.macs, default_algorithms::macs, "macs");
    list(SSH_OPTIONS_HMAC_S_C, algos.macs, default_algorithms::macs, "macs");
    list(SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, algos.public_key, default_algorithms::public_key, "pubkey_algorithms");
}

sdk::task<sdk::result<std::shared_ptr<const known_hosts>>> known_for(services& with, std::string path) {
    if (auto cached = with.host_keys->fresh(path)) {
        co_return cached;
    }
    auto load = [store = with.host_keys, path] { return store->load(path); };
    co_return co_await sdk::offload(load);
}

sdk::result<shown_key> key_of(const link& on, const hop& where) {
    ssh_key key = nullptr;
    if (ssh_get_server_publickey(on.raw(), &key) != SSH_OK) {
        return sdk::error("kex_failed", where.name() + " showed no host key.", true);
    }
    shown_key shown{where.host, where.port, "", ""};
    const char* type = ssh_key_type_to_char(ssh_key_type(key));
    char* text = nullptr;
    if (ssh_pki_export_pubkey_base64(key, &text) == SSH_OK && type != nullptr) {
        shown.type = type;
        shown.blob = from_base64(text).value_or("");
    }
    ssh_string_free_char(text);
    ssh_key_free(key);
    if (shown.blob.size() > 4) { // the type inside the key is the exact one, as for the ECDSA curves
        const auto length = static_cast<unsigned char>(shown.blob[3]);
        shown.type = shown.blob.substr(4, length);
    }
    return shown;
}

sdk::task<sdk::result<void>> check_host_key(services& with, const hop& where, const link& on,
                                            std::shared_ptr<const known_hosts> known) {
    const auto& options = where.options;
    if (options.policy == host_key_policy::insecure && options.host_keys.empty()) {
        co_return sdk::ok();
    }
    const auto shown = key_of(on, where);
    if (!shown) {
        co_return shown.error();
    }
    if (!options.host_keys.empty()) {
        const auto print = fingerprint(shown->blob);
        if (std::ranges::find(options.host_keys, print) != options.host_keys.end()) {
            co_return sdk::ok();
        }
        co_return sdk::error("host_key_mismatch", where.name() + " shows the host key " + shown->type + " " + print +
                                                      ", which is none of those in the device's host_keys option.");
    }
    const auto verdict = known->check(where.host, where.port, shown->type, shown->blob);
    if (verdict.what == host_key_verdict::kind::known) {
        co_return sdk::ok();
    }
    if (verdict.what != host_key_verdict::kind::unknown || options.policy == host_key_policy::strict) {
        co_return host_key_error(verdict, *shown, options.known_hosts);
    }
    auto remember = [store = with.host_keys, path = options.known_hosts, key = *shown] {
        return store->remember(path, key);
    };
    auto remembered = co_await sdk::offload(remember);
    if (remembered) {
        with.home.host().info("a new host key was accepted and remembered",
                              {{"host", where.name()}, {"key", fingerprint(shown->blob)}});
    }
    co_return remembered;
}

sdk::task<sdk::result<void>> exchange_keys(link& on, const hop& where, sdk::time_ns deadline) {
    for (;;) {
        const auto before = on.received();
        const int rc = ssh_connect(on.raw());
        on.settle();
        if (rc == SSH_OK) {
            on.connected();
            co_return sdk::ok();
        }
        if (rc != SSH_AGAIN) {
            const auto text = on.error_text();
            if (on.received() == 0) {
                co_return sdk::error("kex_failed",
                                     where.name() +
                                         " closed the connection without a word of SSH: is this the right port, "
                                         "and does it accept more sessions?",
                                     true);
            }
            const bool greeted = ssh_get_serverbanner(on.raw()) != nullptr;
            co_return kex_error(where.name(), text, greeted);
        }
        if (on.received() != before) {
            continue;
        }
        sdk::error late("connect_timeout",
                        where.name() + (on.received() == 0
                                            ? " accepted the connection but sent no SSH greeting in time."
                                            : " did not finish the SSH key exchange in time."),
                        true);
        const auto waited = co_await next_activity(on, deadline, std::move(late));
        if (!waited) {
            co_return waited.error();
        }
    }
}

void bound_silence(int fd) {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on,
               sizeof(on)); // fails on the socket pair of a jump, which needs neither
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof(user_timeout_ms));
}

} // namespace

sdk::task<sdk::result<void>> next_activity(link& on, sdk::time_ns deadline, sdk::error late) {
    const auto how = co_await on.activity(deadline);
    if (how == sdk::wait_status::cancelled) {
        co_return sdk::error::cancelled();
    }
    if (how == sdk::wait_status::timed_out) {
        co_return late;
    }
    co_return sdk::ok();
}

sdk::task<sdk::result<std::shared_ptr<link>>> handshake(services& with, const hop& where, const credential& login,
                                                        int fd, std::shared_ptr<void> carrier, connect_times times) {
    bound_silence(fd);
    auto on = std::make_shared<link>(with.home, fd);
    on->carried_by(std::move(carrier));
    auto slot = co_await with.handshakes.acquire(times.connect);
    if (!slot) {
        co_return slot.error();
    }
    std::shared_ptr<const known_hosts> known = std::make_shared<known_hosts>();
    if (where.options.policy != host_key_policy::insecure && where.options.host_keys.empty()) {
        auto loaded = co_await known_for(with, where.options.known_hosts);
        if (!loaded) {
            co_return loaded.error();
        }
        known = *std::move(loaded);
    }
    set_options(*on, where, login, known->key_types(where.host, where.port));
    on->start();
    const auto exchanged = co_await exchange_keys(*on, where, times.connect);
    if (!exchanged) {
        co_return exchanged.error();
    }
    const auto checked = co_await check_host_key(with, where, *on, known);
    if (!checked) {
        co_return checked.error();
    }
    const auto logged_in = co_await authenticate(with.home, on, where, login,
                                                 with.home.host().after(std::chrono::nanoseconds(times.auth)));
    if (!logged_in) {
        co_return logged_in.error();
    }
    co_return on;
}

} // namespace ferrule::ssh
