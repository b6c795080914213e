// SPDX-License-Identifier: Apache-2.0
// Keeps secrets out of everything that leaves the session: output, errors, logs.
#pragma once

#include "ssh/platform/platform.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

inline constexpr std::string_view mask = "********";

/// Masks the session's own secrets wherever they appear, and what the platform's `redact` patterns find in a line.
class redactor {
  public:
    redactor() = default;

    /// `rules` may be null: then only known secrets are masked.
    explicit redactor(std::shared_ptr<const platform> rules)
        : rules_(std::move(rules)) {}

    /// Remembers a secret. Those shorter than three bytes are not masked, since they would be found everywhere.
    void add(std::string_view secret);

    /// Masks what must not be seen in one line.
    void apply(std::string& line) const;

    /// How much of an unfinished line holds nothing that is to be masked, however the line goes on.
    [[nodiscard]] std::size_t clear_length(std::string_view line) const;

    /// Masks only the known secrets; for text that is not a line of output.
    void hide_secrets(std::string& text) const;

    [[nodiscard]] std::string masked(std::string_view text) const;

    /// Overwrites the secrets in memory and forgets them.
    void forget() noexcept;

    [[nodiscard]] const std::vector<std::string>& secrets() const noexcept { return secrets_; }

  private:
    std::shared_ptr<const platform> rules_;
    std::vector<std::string> secrets_; ///< longest first
};

/// Masks known secrets in a stream of bytes that may be cut anywhere: what could be the beginning of a secret waits for
/// the next piece.
class secret_filter {
  public:
    explicit secret_filter(const redactor& known)
        : known_(known) {}

    /// The bytes that may leave now.
    std::string feed(std::string_view bytes);

    /// The rest, at the end of the stream.
    std::string finish();

  private:
    const redactor& known_;
    std::string held_;
};

} // namespace ferrule::ssh
