#include "app/cli/server_choice.hpp"

#include "app/cli/token_file.hpp"
#include "config/paths.hpp"

#include <CLI/CLI.hpp>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace ferrule::app::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* default_url = "http://127.0.0.1:8520";

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

fs::path client_file() {
    const auto base = environment("XDG_CONFIG_HOME");
    const auto home = environment("HOME");
    const fs::path folder = base.empty() ? fs::path(home) / ".config" : fs::path(base);
    return folder / "ferrule" / "client.yaml";
}

result<void> read_client_file(server_choice& into) {
    const auto file = client_file();
    std::error_code ignored;
    if (!fs::exists(file, ignored))
        return ok();
    const auto bad = [&file](const std::string& why) { return error("client_config", file.string() + ": " + why); };
    try {
        const auto root = YAML::LoadFile(file.string());
        if (!root.IsMap())
            return bad("expected url, token or token_file, and ca_file");
        const std::map<std::string, std::string*> texts{{"url", &into.url},
                                                        {"token_file", &into.token_file},
                                                        {"ca_file", &into.ca_file},
                                                        {"cert", &into.cert},
                                                        {"key", &into.key}};
        for (const auto& entry : root) {
            const auto key = entry.first.as<std::string>();
            const auto value = entry.second.as<std::string>();
            if (const auto at = texts.find(key); at != texts.end()) {
                if (at->second->empty())
                    *at->second = value;
            } else if (key != "token") {
                return bad("unknown key \"" + key + "\"; known are url, token, token_file, ca_file, cert and key");
            } else if (into.token.empty()) {
                into.token = base::secret(value);
            }
        }
    } catch (const YAML::Exception& what) {
        return bad(what.msg);
    }
    return ok();
}

} // namespace

void add_server_options(CLI::App& command, server_choice& into) {
    command.add_option("--url", into.url,
                       "Address of the server, also unix:/PATH (default: FERRULE_URL, or " + std::string(default_url) +
                           ")");
    command.add_option("--token-file", into.token_file, "File that holds the token (default: FERRULE_TOKEN)");
    command.add_option("--ca-file", into.ca_file, "Certificates to trust, instead of the system's");
    command.add_option("--cert", into.cert, "Certificate to show, for a server that asks for one");
    command.add_option("--key", into.key, "Its private key");
}

bool is_of_this_machine(const std::string& url) {
    auto host = std::string_view(url);
    if (host.starts_with("unix:"))
        return true;
    if (const auto scheme = host.find("://"); scheme != std::string_view::npos)
        host.remove_prefix(scheme + 3);
    host = host.substr(0, host.find_first_of("/?#"));
    if (host.starts_with("[::1]"))
        return true;
    host = host.substr(0, host.rfind(':'));
    return host == "localhost" || host.starts_with("127.");
}

result<server_choice> complete_choice(server_choice given) {
    if (given.url.empty())
        given.url = environment("FERRULE_URL");
    if (given.token_file.empty())
        given.token = base::secret(environment("FERRULE_TOKEN"));
    if (auto read = read_client_file(given); !read)
        return read.error();
    if (given.url.empty())
        given.url = default_url;
    while (given.url.ends_with('/'))
        given.url.pop_back();
    if (given.token.empty() && !given.token_file.empty()) {
        auto token = read_token(given.token_file);
        if (!token)
            return token.error();
        given.token = std::move(*token);
    }
    if (given.token.empty() && given.url == default_url) {
        const auto first = config::default_data_dir() / "admin.token";
        std::error_code ignored;
        if (fs::exists(first, ignored)) {
            if (auto token = read_token(first))
                given.token = std::move(*token);
        }
    }
    if (given.token.empty())
        return error("no_token", "there is no token for " + given.url + ": set FERRULE_TOKEN, or token_file in " +
                                     client_file().string());
    return given;
}

} // namespace ferrule::app::cli
