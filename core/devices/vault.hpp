// Keeps secrets unreadable at rest.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace ferrule::devices {

/// Seals text with XChaCha20-Poly1305 (libsodium) under a key that lies in a file of mode 0600. Immutable after
/// opening, so thread-safe.
class vault {
  public:
    /// Reads the key file, or makes it (mode 0600, random) when there is none. Fails with `secret_key` when the file is
    /// readable by others, belongs to someone else, or is not a key; the message says what to do.
    static result<vault> open(const std::string& key_file);

    /// Nonce and sealed text, base64. `purpose` is bound to it: what was sealed for one record does not open as
    /// another.
    [[nodiscard]] std::string seal(std::string_view text, std::string_view purpose) const;
    /// Fails with `secret_unreadable` for another key, another purpose or a changed text.
    [[nodiscard]] result<base::secret> open_sealed(std::string_view sealed, std::string_view purpose) const;

  private:
    explicit vault(base::secret key);
    base::secret key_;
};

} // namespace ferrule::devices
