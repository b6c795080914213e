// Keys with which controllers sign commands and agents recognise them.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ferrule::fleet::exec {

/// A controller's public key (Ed25519, RFC 8032). Its id is made from it, so that a key cannot be known by the id of
/// another: the first eight bytes of its BLAKE2b-256 in hexadecimal.
class public_key {
  public:
    using bytes = std::array<unsigned char, 32>;

    /// From `ed25519:` and base64. `bad_key`.
    static result<public_key> parse(std::string_view text);
    explicit public_key(const bytes& raw);

    [[nodiscard]] std::string text() const;

    [[nodiscard]] const std::string& id() const noexcept { return id_; }

    /// `signature` is base64.
    [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;

  private:
    bytes raw_;
    std::string id_;
};

/// What a controller signs with.
class signing_key {
  public:
    /// Reads the key file, or makes one with mode 0600 when there is none. `command_key` says what is wrong with the
    /// file and what to do. [may block]
    static result<signing_key> open(const std::string& file);
    /// A key that is kept nowhere, for tests.
    static signing_key make();

    [[nodiscard]] const public_key& shown() const noexcept { return shown_; }

    /// Base64.
    [[nodiscard]] std::string sign(std::string_view message) const;

  private:
    signing_key(base::secret key, const public_key& shown);
    static signing_key from_seed(std::string_view seed);

    base::secret key_; ///< Seed and public key, as libsodium keeps them.
    public_key shown_;
};

/// The keys that an agent trusts. More than one while a controller changes its key, or with several controllers.
class trusted_keys {
  public:
    /// `bad_key` names the text that is none.
    static result<trusted_keys> make(const std::vector<std::string>& texts);

    [[nodiscard]] const public_key* find(const std::string& id) const;

    [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }

    [[nodiscard]] std::vector<std::string> ids() const;

  private:
    std::map<std::string, public_key> keys_;
};

} // namespace ferrule::fleet::exec
