#include "base/strings.hpp"
#include "config/check.hpp"
#include "config/platforms.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace ferrule::config {

namespace {

class inventory_check {
  public:
    inventory_check(const std::vector<source>& sources, const settings& values, problems& found)
        : sources_(sources)
        , found_(found)
        , platforms_(platform_names(values.platforms.folders)) {}

    void run() {
        for (const auto& each : sources_)
            for (std::size_t i = 0; i < each.entries.credentials.size(); ++i)
                credential(each, i);
        for (const auto& each : sources_)
            for (std::size_t i = 0; i < each.entries.devices.size(); ++i)
                device(each, i);
    }

  private:
    void complain(const source& in, std::string_view list, std::size_t index, std::string_view field,
                  std::string message) {
        auto path = std::string(list) + "[" + std::to_string(index) + "]";
        if (!field.empty())
            path += "." + std::string(field);
        found_.add(in.name, yaml::locate(in.root, path), path, std::move(message));
    }

    void unique(std::map<std::string, std::string>& seen, const source& in, std::string_view list, std::size_t index,
                const std::string& name) {
        if (name.empty())
            return;
        const auto at = yaml::locate(in.root, std::string(list) + "[" + std::to_string(index) + "].name");
        const auto here = in.name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
        const auto [first, fresh] = seen.emplace(name, here);
        if (!fresh)
            complain(in, list, index, "name", "the name \"" + name + "\" is taken; the first is at " + first->second);
    }

    void credential(const source& in, std::size_t index) {
        const auto& entry = in.entries.credentials[index];
        const auto& login = entry.credential;
        unique(credentials_, in, "credentials", index, login.name);
        names_.push_back(login.name);
        if (!login.private_key.empty() && !entry.key_file.empty())
            complain(in, "credentials", index, "private_key_file", "give private_key or private_key_file, not both");
        const bool key = !login.private_key.empty() || !entry.key_file.empty();
        if (login.username.empty() && (key || !login.password.empty() || !login.agent_socket.empty()))
            complain(in, "credentials", index, "", "\"username\" is missing");
        if (!login.passphrase.empty() && !key)
            complain(in, "credentials", index, "passphrase", "there is no private key that it could be for");
    }

    void reference(const source& in, std::size_t index, const std::string& field, const std::string& name) {
        if (name.empty() || credentials_.contains(name))
            return;
        const auto near = base::nearest(name, names_);
        complain(in, "devices", index, field,
                 "there is no credential \"" + name + "\"" +
                     (near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?"));
    }

    void device(const source& in, std::size_t index) {
        const auto& entry = in.entries.devices[index];
        const auto& at = entry.device.at;
        unique(devices_, in, "devices", index, entry.device.name);
        reference(in, index, "credential", at.credential);
        const bool inline_login = entry.username || entry.password;
        if (inline_login && !at.credential.empty())
            complain(in, "devices", index, "credential", "give a credential, or username and password here; not both");
        if (entry.password && !entry.username)
            complain(in, "devices", index, "password", "\"username\" is missing");
        if (!at.platform.empty())
            platform(in, index, at.platform);
        route(in, index, at);
    }

    void platform(const source& in, std::size_t index, const std::string& name) {
        if (std::find(platforms_.begin(), platforms_.end(), name) != platforms_.end())
            return;
        const auto near = base::nearest(name, platforms_);
        std::string hint;
        if (!near.empty())
            hint = "; did you mean \"" + std::string(near) + "\"?";
        else if (!platforms_.empty())
            hint = "; known are " + base::join(platforms_, ", ");
        else
            hint = "; no platforms were found, see platforms.folders";
        complain(in, "devices", index, "platform", "there is no platform \"" + name + "\"" + hint);
    }

    void route(const source& in, std::size_t index, const model::target& at) {
        std::set<std::string> passed{at.host + ":" + std::to_string(at.port)};
        for (std::size_t i = 0; i < at.jump.size(); ++i) {
            const auto& hop = at.jump[i];
            const auto field = "jump[" + std::to_string(i) + "]";
            reference(in, index, field + ".credential", hop.credential);
            const auto address = hop.host + ":" + std::to_string(hop.port);
            if (!hop.host.empty() && !passed.insert(address).second)
                complain(in, "devices", index, field, "the way to the device passes " + address + " twice");
        }
    }

    const std::vector<source>& sources_;
    problems& found_;
    std::vector<std::string> platforms_;
    std::vector<std::string> names_;
    std::map<std::string, std::string> credentials_;
    std::map<std::string, std::string> devices_;
};

} // namespace

void check_inventory(const std::vector<source>& sources, const settings& values, problems& found) {
    inventory_check(sources, values, found).run();
}

} // namespace ferrule::config
