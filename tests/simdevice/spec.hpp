// What a simulated device is made of. A test fills these structs; the executable reads them from YAML (spec_yaml.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ferrule::simdevice {

using std::chrono::milliseconds;

/// The family whose modes, prompts and built-in commands a device starts from.
enum class flavour { cisco_ios, junos, huawei_vrp, linux_shell };

/// What happens once a command has printed all it has to print.
enum class ending {
    prompt, ///< the prompt comes back
    hang,   ///< silence; input is swallowed, the connection stays
    drop,   ///< the TCP connection ends without an SSH goodbye
    reset,  ///< the same, with RST
    close,  ///< the shell exits as after `exit`
};

/// How the device shows what was typed.
enum class echo_kind {
    strict,  ///< byte for byte, return as CR LF
    none,    ///< nothing at all
    wrapped, ///< at the terminal's width a space and CR are inserted, as readline does
    ansi,    ///< escape sequences and backspaces between the characters; the text is right once rendered
    delayed, ///< the whole line after `echo_delay`
};

/// What a session does when a shell is asked for.
enum class shell_kind { normal, hung, refuse_shell, refuse_pty };

/// What a TCP connection meets before SSH begins.
enum class greeting_kind {
    ssh,
    close_at_once, ///< accepted, then closed with no byte sent
    not_ssh,       ///< `greeting_text` is sent, then the connection is closed
    silent,        ///< accepted and never answered
};

/// A question in the middle of a command or a login, such as `Proceed? [confirm]`.
/// Texts may hold placeholders, see text.hpp.
struct ask_spec {
    std::string prompt;
    std::optional<std::string> expect; ///< the right answer; empty optional: any answer
    bool secret = false;               ///< the answer is not echoed, and recorded as `***`
    bool single_key = false;           ///< the answer is one key without return
    int attempts = 1;                  ///< wrong answers before giving up
    std::string say;                   ///< printed after the right answer
    std::string otherwise;             ///< printed after each wrong answer
    bool disconnect = false;           ///< giving up ends the session; else the prompt comes back
};

/// One rule of the command table. The first rule that matches runs; a device's own rules precede its flavour's.
struct command_spec {
    enum class match_kind { exact, prefix, regex };
    enum class effect_kind { none, pager_on, pager_off, echo_off, echo_on, set_prompt };

    match_kind match = match_kind::exact;
    std::string text;               ///< the command, its beginning, or a PCRE2 pattern for the whole line
    std::vector<std::string> modes; ///< only in these modes; empty: everywhere
    std::uint64_t times = 0; ///< the rule applies to that many commands of the device, then never again; 0: always
    std::vector<ask_spec> ask;
    std::string output;                      ///< LF becomes CR LF
    std::uint64_t generate = 0;              ///< that many bytes of numbered lines follow the output
    bool endless = false;                    ///< numbered lines follow until Ctrl-C or the end of the connection
    milliseconds delay{0};                   ///< before the first byte
    std::size_t chunk = 0;                   ///< bytes a write; 0: as many as fit
    milliseconds chunk_delay{0};             ///< between writes
    std::optional<std::uint64_t> drop_after; ///< bytes of output after which the connection is dropped
    ending then = ending::prompt;
    int exit_status = 0;
    std::string to_mode;
    std::string set_hostname; ///< the device's name from now on, for all its sessions
    std::string set_view;     ///< `${view}` in prompts of this session
    effect_kind effect = effect_kind::none;
};

/// A mode of the command line: its prompt and what it says to a command that no rule matches.
struct mode_spec {
    std::string name;
    std::string prompt;
    bool accepts_anything = false; ///< unmatched lines are accepted silently, as configuration lines are
    std::string unknown;
};

/// Paging of long output.
struct pager_spec {
    enum class erase_kind { backspace, carriage_return, cursor_left, none };
    std::size_t lines = 0; ///< lines a page; 0: no paging
    std::string text = " --More-- ";
    erase_kind erase = erase_kind::backspace;
};

/// One challenge of keyboard-interactive. No prompts: an INFO round that only tells something.
struct challenge_spec {
    struct prompt {
        std::string text;
        bool echo = false;
        std::string answer;
    };

    std::string name;
    std::string instruction;
    std::vector<prompt> prompts;
};

/// Who may log in, and how. With `require`, every method named must succeed, in any order (two factors).
struct user_spec {
    std::string name;
    std::optional<std::string> password;
    std::vector<std::string> authorized_keys; ///< as in an authorized_keys file, without options
    std::vector<challenge_spec> challenges;   ///< keyboard-interactive, one round after the other
    std::vector<std::string> require;         ///< of: password, publickey, keyboard-interactive
    bool any_password = false;                ///< every password is right
};

/// Algorithm lists as libssh takes them; empty: its defaults.
struct algorithm_spec {
    std::string key_exchange;
    std::string ciphers;
    std::string macs;
    std::string host_key;
};

/// One device: one listening port.
struct device_spec {
    std::string name;     ///< how the control interfaces call it; unique
    std::string hostname; ///< in prompts; empty: the name
    std::string address = "127.0.0.1";
    std::uint16_t port = 0; ///< 0: the kernel chooses

    flavour kind = flavour::cisco_ios;
    std::string start_mode;       ///< empty: the flavour's
    std::vector<mode_spec> modes; ///< replace or extend the flavour's
    std::vector<command_spec> commands;
    std::vector<std::string> config_reject; ///< PCRE2; matching lines are refused in modes that accept anything
    std::string enable_password;            ///< empty: `enable` asks for none
    std::optional<pager_spec> pager;        ///< replaces the flavour's, which does not page by default

    std::vector<user_spec> users;                       ///< none: `admin` with password `admin`
    std::vector<std::string> host_key_types{"ed25519"}; ///< of: ed25519, ecdsa, rsa; a fresh key each start
    std::vector<std::string> host_key_files;            ///< private keys in PEM or OpenSSH form, instead of fresh ones
    algorithm_spec algorithms;

    std::string banner;                 ///< sent by SSH before authentication
    std::string motd;                   ///< printed by the shell before the first prompt
    std::vector<ask_spec> login_dialog; ///< after the motd, before the first prompt

    echo_kind echo = echo_kind::strict;
    milliseconds echo_delay{20};
    std::size_t width = 0; ///< columns for wrapped echo; 0: what the client's pty says

    greeting_kind greeting = greeting_kind::ssh;
    std::string greeting_text = "220 this is not an SSH server\r\n";
    shell_kind shell = shell_kind::normal;
    bool allow_exec = true;
    bool allow_forwarding = false;          ///< direct-tcpip, to numeric addresses, localhost and other devices by name
    milliseconds connect_delay{0};          ///< before the SSH banner
    milliseconds auth_delay{0};             ///< before each reply to an authentication request
    milliseconds prompt_delay{0};           ///< before the first byte of the shell
    milliseconds idle_timeout{0};           ///< without input; 0: never
    std::uint64_t drop_on_command = 0;      ///< the session's n-th command is received and answered by a drop
    std::uint64_t close_after_commands = 0; ///< the session ends right after the answer to its n-th command
    std::size_t max_sessions = 0;           ///< further connections are closed at once; 0: no limit
    std::size_t transcript_limit = 1'000'000; ///< entries kept a device; counters go on
};

} // namespace ferrule::simdevice
