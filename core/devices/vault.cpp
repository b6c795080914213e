#include "devices/vault.hpp"

#include "base/private_file.hpp"

#include <sodium.h>

#include <utility>

namespace ferrule::devices {

namespace {

constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

} // namespace

vault::vault(base::secret key)
    : key_(std::move(key)) {}

result<vault> vault::open(const std::string& key_file) {
    if (sodium_init() < 0)
        return error("secret_key", "libsodium cannot be initialised");
    base::file_words words;
    words.code = "secret_key";
    words.before = "the key file ";
    words.remedy = "; set data_dir or secrets.key_file to a place that this user can write to";
    auto key = base::open_key(key_file, key_size, words,
                              "restore it from a backup; without it stored credentials cannot be read");
    if (!key)
        return key.error();
    return vault(std::move(*key));
}

std::string vault::seal(std::string_view text, std::string_view purpose) const {
    std::string box(nonce_size + text.size() + tag_size, '\0');
    randombytes_buf(box.data(), nonce_size);
    unsigned long long size = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(box) + nonce_size, &size, bytes(text), text.size(), bytes(purpose),
                                               purpose.size(), nullptr, bytes(box), bytes(key_.reveal()));
    std::string sealed(sodium_base64_encoded_len(box.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(sealed.data(), sealed.size(), bytes(box), box.size(), sodium_base64_VARIANT_ORIGINAL);
    sealed.pop_back(); // the terminating zero
    return sealed;
}

result<base::secret> vault::open_sealed(std::string_view sealed, std::string_view purpose) const {
    const auto unreadable =
        error("secret_unreadable",
              "a stored secret for " + std::string(purpose) +
                  " cannot be read: the key file is another one than it was sealed with, so restore that, "
                  "or the record was changed");
    std::string box(sealed.size(), '\0');
    std::size_t size = 0;
    if (sodium_base642bin(bytes(box), box.size(), sealed.data(), sealed.size(), nullptr, &size, nullptr,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size < nonce_size + tag_size)
        return unreadable;
    std::string text(size - nonce_size - tag_size, '\0');
    unsigned long long length = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(text), &length, nullptr, bytes(box) + nonce_size,
                                                   size - nonce_size, bytes(purpose), purpose.size(), bytes(box),
                                                   bytes(key_.reveal())) != 0)
        return unreadable;
    base::secret opened{std::string(text)};
    base::wipe(text);
    return opened;
}

} // namespace ferrule::devices
