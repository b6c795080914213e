#include "simdevice/host_keys.hpp"

#include <stdexcept>

namespace ferrule::simdevice {

namespace {

key_handle generated(const std::string& type) {
    ssh_key key = nullptr;
    int result = SSH_ERROR;
    if (type == "ed25519") {
        result = ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key);
    } else if (type == "ecdsa") {
        result = ssh_pki_generate(SSH_KEYTYPE_ECDSA_P256, 0, &key);
    } else if (type == "rsa") {
        result = ssh_pki_generate(SSH_KEYTYPE_RSA, 2048, &key);
    } else {
        throw std::invalid_argument("host key type '" + type + "' is not one of ed25519, ecdsa, rsa");
    }
    if (result != SSH_OK) {
        throw std::invalid_argument("libssh could not generate a host key of type " + type);
    }
    return key_handle(key);
}

key_handle read_key(const std::string& path) {
    ssh_key key = nullptr;
    if (ssh_pki_import_privkey_file(path.c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK) {
        throw std::invalid_argument("host key file '" + path + "' cannot be read as an unencrypted private key");
    }
    return key_handle(key);
}

void set_list(ssh_bind bind, ssh_bind_options_e option, const std::string& list) {
    if (!list.empty() && ssh_bind_options_set(bind, option, list.c_str()) != SSH_OK) {
        throw std::invalid_argument("libssh knows none of the algorithms '" + list + "'");
    }
}

} // namespace

host_identity::host_identity(const device_spec& spec)
    : algorithms_(spec.algorithms)
    , types_(spec.host_key_types) {
    if (spec.host_key_files.empty()) {
        rotate();
        return;
    }
    std::vector<key_handle> keys;
    for (const auto& path : spec.host_key_files) {
        keys.push_back(read_key(path));
    }
    adopt(std::move(keys));
}

void host_identity::rotate() {
    std::vector<key_handle> keys;
    for (const auto& type : types_) {
        keys.push_back(generated(type));
    }
    adopt(std::move(keys));
}

void host_identity::adopt(std::vector<key_handle> keys) {
    bind_handle bind(ssh_bind_new());
    const bool read_no_config = false;
    ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_PROCESS_CONFIG, &read_no_config);
    set_list(bind.get(), SSH_BIND_OPTIONS_KEY_EXCHANGE, algorithms_.key_exchange);
    set_list(bind.get(), SSH_BIND_OPTIONS_CIPHERS_C_S, algorithms_.ciphers);
    set_list(bind.get(), SSH_BIND_OPTIONS_CIPHERS_S_C, algorithms_.ciphers);
    set_list(bind.get(), SSH_BIND_OPTIONS_HMAC_C_S, algorithms_.macs);
    set_list(bind.get(), SSH_BIND_OPTIONS_HMAC_S_C, algorithms_.macs);
    std::vector<std::string> publics;
    for (auto& key : keys) {
        char* text = nullptr;
        if (ssh_pki_export_pubkey_base64(key.get(), &text) == SSH_OK) {
            publics.push_back(std::string(ssh_key_type_to_char(ssh_key_type(key.get()))) + " " + text);
            ssh_string_free_char(text);
        }
        ssh_bind_options_set(bind.get(), SSH_BIND_OPTIONS_IMPORT_KEY, key.release());
    }
    set_list(bind.get(), SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, algorithms_.host_key);
    const std::lock_guard lock(mutex_);
    bind_ = std::move(bind);
    public_keys_ = std::move(publics);
}

session_handle host_identity::accept(int fd) {
    session_handle session(ssh_new());
    if (session == nullptr) {
        return nullptr;
    }
    ssh_set_blocking(session.get(), 0);
    const std::lock_guard lock(mutex_);
    if (ssh_bind_accept_fd(bind_.get(), session.get(), fd) != SSH_OK) {
        return nullptr;
    }
    return session;
}

std::vector<std::string> host_identity::public_keys() const {
    const std::lock_guard lock(mutex_);
    return public_keys_;
}

} // namespace ferrule::simdevice
