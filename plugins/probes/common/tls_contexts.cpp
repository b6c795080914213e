// SPDX-License-Identifier: Apache-2.0
#include "common/tls_contexts.hpp"

#include <ferrule/sdk/offload.hpp>

#include <openssl/err.h>
#include <sys/stat.h>

namespace ferrule::probes {

namespace {

constexpr std::size_t most = 64;

/// Changes whenever the file does.
std::string stamp_of(const std::string& path) {
    struct stat about {};

    if (path.empty() || ::stat(path.c_str(), &about) != 0) {
        return path;
    }
    return path + '\n' + std::to_string(about.st_ino) + ' ' + std::to_string(about.st_size) + ' ' +
           std::to_string(about.st_mtim.tv_sec) + '.' + std::to_string(about.st_mtim.tv_nsec);
}

std::string last_reason() {
    const auto code = ERR_peek_last_error();
    const char* reason = ERR_SYSTEM_ERROR(code) ? nullptr : ERR_reason_error_string(code);
    return reason != nullptr ? reason : "it cannot be read";
}

sdk::error unusable(std::string_view what, const std::string& path) {
    auto reason = last_reason();
    ERR_clear_error();
    return {"tls_files", std::string(what) + " '" + path + "' cannot be used: " + reason + "."};
}

sdk::result<tls_context> make(const tls_settings& wanted) {
    ERR_clear_error();
    tls_context made(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    if (made == nullptr) {
        return unusable("The TLS library", "OpenSSL");
    }
    SSL_CTX_set_mode(made.get(),
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_min_proto_version(made.get(), TLS1_VERSION);
    if (!wanted.ca_file.empty()) {
        if (SSL_CTX_load_verify_file(made.get(), wanted.ca_file.c_str()) != 1) {
            return unusable("The file of authorities", wanted.ca_file);
        }
    } else {
        SSL_CTX_set_default_verify_paths(made.get()); // where there are none, verification will say so
        ERR_clear_error();
    }
    if (!wanted.client_cert.empty()) {
        // An encrypted key would make OpenSSL ask for its passphrase on the terminal, and wait.
        SSL_CTX_set_default_passwd_cb(made.get(), [](char*, int, int, void*) { return 0; });
        if (SSL_CTX_use_certificate_chain_file(made.get(), wanted.client_cert.c_str()) != 1) {
            return unusable("The client certificate", wanted.client_cert);
        }
        if (SSL_CTX_use_PrivateKey_file(made.get(), wanted.client_key.c_str(), SSL_FILETYPE_PEM) != 1) {
            return unusable("The client key", wanted.client_key);
        }
    }
    return made;
}

} // namespace

sdk::task<sdk::result<tls_context>> tls_contexts::get(const tls_settings& wanted) {
    const auto key =
        stamp_of(wanted.ca_file) + '\n' + stamp_of(wanted.client_cert) + '\n' + stamp_of(wanted.client_key);
    while (known_.contains(key)) {
        const auto found = known_[key];
        if (found.made != nullptr) {
            co_return found.made;
        }
        const auto waited = co_await found.loading->wait();
        if (waited == sdk::wait_status::cancelled) {
            co_return sdk::error::cancelled();
        }
    }
    if (known_.size() >= most) {
        std::erase_if(known_, [](const auto& each) { return each.second.made != nullptr; });
    }
    const auto loading = std::make_shared<sdk::event>();
    known_[key].loading = loading;

    const auto copy = std::make_shared<const tls_settings>(wanted);
    auto work = [copy] { return make(*copy); };
    std::optional<sdk::result<tls_context>> ended;
    try {
        auto waiting = sdk::offload(std::move(work));
        ended.emplace(co_await waiting);
    } catch (const sdk::failure& busy) {
        ended.emplace(busy.error());
    }
    if (*ended) {
        known_[key].made = **ended;
    } else {
        known_.erase(key);
    }
    loading->set();
    co_return std::move(*ended);
}

} // namespace ferrule::probes
