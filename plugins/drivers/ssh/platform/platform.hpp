// SPDX-License-Identifier: Apache-2.0
// How one family of devices talks: everything that the session must know about a command line and must not have built
// in.
#pragma once

#include "ssh/platform/duration.hpp"
#include "ssh/platform/regex.hpp"

#include <ferrule/sdk/error.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::ssh {

/// How a device shows what was typed.
enum class echo_kind : std::uint8_t {
    strict, ///< byte for byte
    fuzzy,  ///< with blanks inserted, scrolled or cut
    none,   ///< not at all
};

/// A question that a device may ask, and what answers it.
struct question {
    enum class source : std::uint8_t { text, password, enable, fail };

    explicit question(regex p)
        : pattern(std::move(p)) {}

    regex pattern;
    source answer = source::text;
    std::string reply;        ///< for `text`
    bool bare = false;        ///< the reply goes out without a return after it
    bool secret = false;      ///< the reply must never be seen
    bool repeat = false;      ///< may be answered any number of times
    std::string fail_code;    ///< for `fail`
    std::string fail_message; ///< for `fail`
};

/// Lines to send to get somewhere, and the questions on the way.
struct dialogue {
    std::vector<std::string> lines;
    std::vector<question> questions;
};

/// A mode of the command line, recognised by its prompt.
struct mode {
    mode(std::string n, regex p)
        : name(std::move(n))
        , pattern(std::move(p)) {}

    std::string name;
    regex pattern;
    std::vector<regex> fatal;
    std::map<std::string, dialogue, std::less<>> to; ///< direct ways to other modes
};

/// How configuration is entered, made effective and left.
struct config_rules {
    std::string mode; ///< the mode to be in while lines are sent; empty: the enter lines lead there
    std::vector<std::string> enter;
    std::vector<std::string> exit;
    std::vector<std::string> commit;
    std::vector<std::string> abort;
    std::optional<regex> commit_prompt; ///< fits the prompt of those devices of the family that have a commit
    std::size_t window = 1;             ///< lines in flight where a refused line does no harm to its successors

    /// Lines take effect only with the commit. `prompt` is the one in configuration, before the first line.
    [[nodiscard]] bool staged(std::string_view prompt) const {
        return !commit.empty() && (!commit_prompt || commit_prompt->matches(prompt));
    }
};

/// A prompt of our own that replaces the device's, so that nothing in the output can be taken for it.
struct own_prompt {
    std::vector<std::string> lines;
    regex pattern; ///< its group `status` is the exit status of the last command
};

/// One platform, compiled. Immutable but for the scratch of its patterns; shared by all sessions of an instance.
struct platform {
    std::string name = "generic";
    regex prompt;
    std::vector<regex> prompt_exclude;
    std::string prompt_ends; ///< bytes that can end a prompt; empty: any
    std::size_t prompt_lines = 1;
    nanoseconds settle = 60 * millisecond;
    std::vector<mode> modes;
    std::string default_mode;
    std::string line_return = "\r";
    std::string interrupt = "\x03";
    std::string username_suffix;
    std::uint16_t width = 511;
    std::uint16_t height = 0;
    std::string terminal = "vt100";
    echo_kind echo = echo_kind::strict;
    bool two_phase = false; ///< wait for the echo before the return is sent
    std::vector<question> login_dialogs;
    std::vector<std::string> on_open;
    std::vector<std::string> on_close;
    std::vector<question> pager;   ///< none or one
    std::vector<question> confirm; ///< asked after ordinary commands
    std::vector<regex> fatal;
    config_rules config;
    std::optional<own_prompt> own;
    std::string probe;                           ///< what the keepalive sends before the return
    nanoseconds keepalive_timeout = 10 * second; ///< for the prompt to come back
    std::vector<regex> redact;                   ///< group `secret`, else the first group, else all of it is masked

    /// Compiles the JSON form described in README.md. Every unknown key, wrong type and bad pattern fails with
    /// `invalid_platform`, naming the key.
    static sdk::result<std::shared_ptr<const platform>> compile(std::string_view json);

    /// Index of the mode whose pattern fits a prompt, or npos.
    [[nodiscard]] std::size_t mode_of(std::string_view prompt_text) const;

    [[nodiscard]] std::size_t mode_named(std::string_view mode_name) const;

    static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  private:
    explicit platform(regex p)
        : prompt(std::move(p)) {}

    friend class platform_reader;
};

} // namespace ferrule::ssh
