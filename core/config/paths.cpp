#include "config/paths.hpp"

#include "base/strings.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <system_error>

namespace ferrule::config {

namespace fs = std::filesystem;

namespace {

fs::path from_environment(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0')
        return {};
    // systemd separates several directories by colons; the first is the main one.
    return std::string(base::split(value, ':').front());
}

fs::path prefix() {
    std::error_code failed;
    const auto binary = fs::read_symlink("/proc/self/exe", failed);
    return failed ? fs::path("/usr") : binary.parent_path().parent_path();
}

} // namespace

fs::path default_data_dir() {
    if (auto given = from_environment("STATE_DIRECTORY"); !given.empty())
        return given;
    if (geteuid() == 0)
        return "/var/lib/ferrule";
    if (auto data = from_environment("XDG_DATA_HOME"); !data.empty())
        return data / "ferrule";
    const auto home = from_environment("HOME");
    return home.empty() ? fs::path("/var/lib/ferrule") : home / ".local/share/ferrule";
}

std::vector<fs::path> default_plugin_folders() {
    return {prefix() / "lib/ferrule/plugins"};
}

std::vector<fs::path> default_platform_folders() {
    return {prefix() / "share/ferrule/platforms", prefix() / "etc/ferrule/platforms", "/etc/ferrule/platforms"};
}

} // namespace ferrule::config
