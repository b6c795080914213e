#include "fleet/exec/signing.hpp"

#include "base/strings.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

namespace ferrule::fleet::exec {

namespace {

constexpr std::string_view prefix = "ed25519:";
constexpr auto base64 = sodium_base64_VARIANT_ORIGINAL;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string encode(const unsigned char* from, std::size_t size) {
    std::string text(sodium_base64_encoded_len(size, base64), '\0');
    sodium_bin2base64(text.data(), text.size(), from, size, base64);
    text.pop_back(); // the terminating zero
    return text;
}

// Exactly so many bytes, and nothing around them.
bool decode(std::string_view text, unsigned char* into, std::size_t size) {
    std::size_t came = 0;
    const char* end = nullptr;
    return sodium_base642bin(into, size, text.data(), text.size(), nullptr, &came, &end, base64) == 0 && came == size &&
           end == text.data() + text.size();
}

std::string id_of(const public_key::bytes& raw) {
    std::array<unsigned char, 32> digest{};
    crypto_generichash(digest.data(), digest.size(), raw.data(), raw.size(), nullptr, 0);
    std::array<char, 17> hex{};
    sodium_bin2hex(hex.data(), hex.size(), digest.data(), 8);
    return hex.data();
}

} // namespace

public_key::public_key(const bytes& raw)
    : raw_(raw)
    , id_(id_of(raw)) {}

result<public_key> public_key::parse(std::string_view text) {
    bytes raw{};
    if (!text.starts_with(prefix) || !decode(text.substr(prefix.size()), raw.data(), raw.size()))
        return error("bad_key", "\"" + base::shortened(text, 80) +
                                    "\" is not a controller's public key: it is ed25519: and 32 bytes in base64, as "
                                    "ferrule command key prints it");
    return public_key(raw);
}

std::string public_key::text() const {
    return std::string(prefix) + encode(raw_.data(), raw_.size());
}

bool public_key::verifies(std::string_view message, std::string_view signature) const {
    std::array<unsigned char, crypto_sign_BYTES> given{};
    return decode(signature, given.data(), given.size()) &&
           crypto_sign_verify_detached(given.data(), bytes_of(message), message.size(), raw_.data()) == 0;
}

signing_key::signing_key(base::secret key, const public_key& shown)
    : key_(std::move(key))
    , shown_(shown) {}

signing_key signing_key::from_seed(std::string_view seed) {
    public_key::bytes shown{};
    std::string key(crypto_sign_SECRETKEYBYTES, '\0');
    crypto_sign_seed_keypair(shown.data(), reinterpret_cast<unsigned char*>(key.data()), bytes_of(seed));
    const public_key known(shown);
    signing_key made(base::secret{std::string(key)}, known);
    base::wipe(key);
    return made;
}

signing_key signing_key::make() {
    std::string seed(crypto_sign_SEEDBYTES, '\0');
    randombytes_buf(seed.data(), seed.size());
    auto made = from_seed(seed);
    base::wipe(seed);
    return made;
}

std::string signing_key::sign(std::string_view message) const {
    std::array<unsigned char, crypto_sign_BYTES> signature{};
    crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(), bytes_of(key_.reveal()));
    return encode(signature.data(), signature.size());
}

result<trusted_keys> trusted_keys::make(const std::vector<std::string>& texts) {
    trusted_keys made;
    for (const auto& text : texts) {
        const auto key = public_key::parse(text);
        if (!key)
            return key.error();
        made.keys_.emplace(key->id(), *key);
    }
    return made;
}

const public_key* trusted_keys::find(const std::string& id) const {
    const auto at = keys_.find(id);
    return at == keys_.end() ? nullptr : &at->second;
}

std::vector<std::string> trusted_keys::ids() const {
    std::vector<std::string> all;
    all.reserve(keys_.size());
    for (const auto& [id, key] : keys_)
        all.push_back(id);
    return all;
}

} // namespace ferrule::fleet::exec
