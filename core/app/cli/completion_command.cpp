// ferrule completion: scripts for bash and zsh, made from the commands themselves so that they never lag behind.
#include "app/cli/commands.hpp"
#include "app/cli/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace ferrule::app::cli {

namespace {

// "run check-config plugin …" and the long options of one command.
std::string words_of(const CLI::App& command) {
    std::string words;
    for (const auto* each : command.get_subcommands([](const CLI::App*) { return true; }))
        words += each->get_name() + " ";
    for (const auto* option : command.get_options())
        for (const auto& name : option->get_lnames())
            words += "--" + name + " ";
    return words;
}

// One case a command path: `"job list") words="…" ;;`.
void add_cases(const CLI::App& command, const std::string& path, std::string& into) {
    into += "        \"" + path + "\") words=\"" + words_of(command) + "\" ;;\n";
    for (const auto* each : command.get_subcommands([](const CLI::App*) { return true; }))
        add_cases(*each, path.empty() ? each->get_name() : path + " " + each->get_name(), into);
}

std::string bash_script(const CLI::App& root) {
    std::string cases;
    add_cases(root, "", cases);
    // clang-format off
    return R"sh(# bash completion for ferrule; load it with: source <(ferrule completion bash)
_ferrule_words() {
    local path="" word words=""
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$word" in -*) ;; *) path="${path:+$path }$word" ;; esac
    done
    while :; do
        case "$path" in
)sh" + cases +
           R"sh(        esac
        [ -n "$words" ] || [ -z "$path" ] && break
        case "$path" in *" "*) path="${path% *}" ;; *) path="" ;; esac
    done
    printf '%s' "$words"
}
_ferrule() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" words
    case "$previous" in
    -c | --config | --token-file | --ca-file | --cert | --key | --config-file)
        COMPREPLY=($(compgen -f -- "$current"))
        return ;;
    esac
    words=$(_ferrule_words)
    case "${COMP_WORDS[1]-} ${COMP_WORDS[2]-}" in
    "exec "* | "device show" | "device test" | "device remove")
        case "$current" in -*) ;; *) words="$words $(ferrule device list 2>/dev/null | awk 'NR > 1 { print $1 }')" ;; esac ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _ferrule ferrule
)sh";
    // clang-format on
}

std::string zsh_script(const CLI::App& root) {
    return "#compdef ferrule\n# zsh completion for ferrule; load it with: source <(ferrule completion zsh)\n"
           "autoload -U +X bashcompinit && bashcompinit\n" +
           bash_script(root);
}

} // namespace

void add_completion(CLI::App& root, action& chosen) {
    auto* command = root.add_subcommand("completion", "Print the completion script of a shell");
    const auto shell = std::make_shared<std::string>();
    command->add_option("SHELL", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
    const auto* all = &root;
    command->callback([all, shell, &chosen] {
        const auto script = *shell == "bash" ? bash_script(*all) : zsh_script(*all);
        chosen = [script] {
            std::fputs(script.c_str(), stdout);
            return success;
        };
    });
}

} // namespace ferrule::app::cli
