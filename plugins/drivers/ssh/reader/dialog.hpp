// SPDX-License-Identifier: Apache-2.0
// What is known of the conversation with one device between two commands.
#pragma once

#include "ssh/platform/platform.hpp"
#include "ssh/text/redactor.hpp"
#include "ssh/text/screen.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// The prompts that this very session has shown. A prompt that is known to the byte ends a command at once; any other
/// must first prove to be the last thing the device says.
class prompt_memory {
  public:
    static constexpr std::size_t capacity = 8; ///< a command line has a handful of modes

    [[nodiscard]] bool knows(std::string_view prompt) const noexcept;

    /// `host` is the device's name in the prompt, or empty. When it is a new one, every prompt learned under the old is
    /// forgotten.
    void learn(std::string_view prompt, std::string_view host);

    /// False when the name differs from the one learned, apart from being cut short as some devices do in configuration
    /// mode.
    [[nodiscard]] bool same_host(std::string_view host) const noexcept;

    /// Whether an unfinished line may still become one of these prompts, or one of another mode of the same device.
    [[nodiscard]] bool may_become(std::string_view line) const noexcept;

    void clear() noexcept;

    [[nodiscard]] const std::string& host() const noexcept { return host_; }

  private:
    std::vector<std::string> prompts_; ///< last used last
    std::string host_;
};

/// State that outlives a command. Belongs to one session; not thread safe.
struct dialog {
    dialog(std::shared_ptr<const platform> p, std::uint16_t width, std::uint16_t height)
        : rules(p)
        , terminal(width, height)
        , secrets(std::move(p)) {}

    dialog(const dialog&) = delete;
    dialog& operator=(const dialog&) = delete;

    ~dialog() { secrets.forget(); }

    std::shared_ptr<const platform> rules;
    const regex* prompt_override = nullptr; ///< replaces the platform's prompt pattern; owned by the session
    screen terminal;
    prompt_memory memory;
    redactor secrets;
    std::string prompt;                ///< the last one seen
    std::size_t mode = platform::npos; ///< index into the platform's modes
    bool own_prompt = false;           ///< the prompt has been replaced by our own

    [[nodiscard]] const regex& prompt_pattern() const noexcept {
        return prompt_override != nullptr ? *prompt_override : rules->prompt;
    }
};

/// How sure it is that the end of the output is a prompt.
enum class certainty : std::uint8_t {
    none,
    unlikely, ///< fits the pattern, but names another device
    likely,   ///< fits the pattern
    sure,     ///< known to the byte, or our own
};

struct prompt_find {
    certainty sure = certainty::none;
    std::size_t held = 0;  ///< lines before the current one that belong to the prompt
    std::size_t begin = 0; ///< where it starts in the current line; not 0 only for our own
    std::string text;      ///< as the device sent it, trailing blanks included
    std::string host;
    int status = -1; ///< exit status that our own prompt carries
};

/// Looks for a prompt at the end of the output: `held` are the last finished lines, `line` is the unfinished one. Costs
/// no more than the length of a prompt, whatever was read.
prompt_find find_prompt(const dialog& state, const std::vector<std::string>& held, std::string_view line);

/// Makes a prompt that was found the current one: learns it, and with it the mode.
void adopt_prompt(dialog& state, prompt_find found);

/// A text without blanks at its end.
std::string_view trimmed_end(std::string_view text) noexcept;

} // namespace ferrule::ssh
