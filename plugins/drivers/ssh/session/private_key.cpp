// SPDX-License-Identifier: Apache-2.0
#include "ssh/session/private_key.hpp"

#include <ferrule/sdk/offload.hpp>

#include <cstring>
#include <string>

namespace ferrule::ssh {

namespace {

constexpr const char* bad = "invalid_credential";

/// Own copies, wiped with the last owner: the work may outlive the coroutine.
struct key_text {
    secret_text key;
    secret_text passphrase;
    secret_text certificate;
    bool asked = false;
};

int no_passphrase(const char*, char*, size_t, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

sdk::result<key_ptr> import_now(key_text& text) {
    ssh_key raw = nullptr;
    const char* passphrase = text.passphrase.empty() ? nullptr : text.passphrase.c_str();
    const int rc = ssh_pki_import_privkey_base64(text.key.c_str(), passphrase, no_passphrase, &text.asked, &raw);
    key_ptr key(raw);
    if (rc != SSH_OK || key == nullptr) {
        if (text.asked) {
            return sdk::error(bad, "The private key of the credential is encrypted: add its passphrase.");
        }
        return sdk::error(bad, std::string("The private key of the credential cannot be read") +
                                   (passphrase != nullptr ? "; perhaps the passphrase is wrong."
                                                          : ": it must be a PEM or OpenSSH private key."));
    }
    if (!text.certificate.empty()) {
        ssh_key cert = nullptr;
        const auto words = std::string(text.certificate.view());
        const auto type = words.substr(0, words.find(' '));
        const auto rest = words.find(' ') == std::string::npos ? "" : words.substr(words.find(' ') + 1);
        const auto blob = rest.substr(0, rest.find_first_of(" \r\n"));
        if (ssh_pki_import_cert_base64(blob.c_str(), ssh_key_type_from_name(type.c_str()), &cert) != SSH_OK ||
            ssh_pki_copy_cert_to_privkey(cert, key.get()) != SSH_OK) {
            ssh_key_free(cert);
            return sdk::error(bad, "The certificate of the credential cannot be read, or is not one for its key.");
        }
        ssh_key_free(cert);
    }
    return key;
}

} // namespace

sdk::task<sdk::result<key_ptr>> import_key(const credential& login) {
    auto text =
        std::make_shared<key_text>(key_text{secret_text(login.private_key.view()), secret_text(login.passphrase.view()),
                                            secret_text(login.certificate.view())});
    auto work = [text] { return import_now(*text); };
    co_return co_await sdk::offload(work);
}

} // namespace ferrule::ssh
