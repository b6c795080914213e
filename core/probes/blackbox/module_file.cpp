#include "probes/blackbox/module_file.hpp"

#include "base/json.hpp"
#include "base/redact.hpp"
#include "base/strings.hpp"
#include "config/yaml/expand.hpp"
#include "config/yaml/parse.hpp"
#include "probes/blackbox/go_forms.hpp"
#include "probes/blackbox/options.hpp"

#include <array>
#include <stdexcept>
#include <utility>

namespace ferrule::probes::blackbox {

namespace {

constexpr std::size_t file_limit = std::size_t{1} << 20U;

struct kind {
    std::string_view name;
    prober how;
    void (*read)(map_reader& from, section& to);
};

constexpr std::array kinds{
    kind{"http", prober::http, read_http},
    kind{"tcp", prober::tcp, read_tcp},
    kind{"icmp", prober::icmp, read_icmp},
    kind{"dns", prober::dns, read_dns},
};

void read_timeout(map_reader& from, probe_module& into) {
    const auto text = from.text("timeout");
    if (!text)
        return;
    const auto read = go_duration(*text);
    if (!read)
        from.complain("timeout", "expected a duration with its unit of at most 24h, such as 5s or 500ms; found \"" +
                                     base::shortened(*text, 60) + "\"");
    else if (*read != base::duration::zero()) // zero is none
        into.timeout = *read;
}

// Every section that is there is read, for what is wrong in it; the one of the prober counts.
void read_sections(map_reader& from, std::string_view prober_name, const std::filesystem::path& folder,
                   probe_module& into) {
    for (const auto& each : kinds) {
        auto options = from.map(each.name);
        const bool chosen = each.name == prober_name;
        if (!chosen && !options.given())
            continue;
        probe_module unused;
        section to{base::json::object(), chosen ? into : unused, folder};
        each.read(options, to);
        if (chosen) {
            into.how = each.how;
            into.settings = base::dump(to.settings);
        } else {
            from.warn(each.name, "is not used, for the prober is " + std::string(prober_name));
        }
    }
}

probe_module read_module(map_reader from, const std::filesystem::path& folder) {
    probe_module made;
    read_timeout(from, made);
    const auto name = from.text("prober").value_or("");
    if (name.empty())
        from.complain("prober", "is missing: one of http, tcp, icmp and dns");
    else if (name == "grpc" || name == "unix")
        from.beyond("prober", "blackbox_exporter has the prober " + name +
                                  " and Ferrule has not; remove the module, or keep blackbox_exporter for it");
    else if (std::none_of(kinds.begin(), kinds.end(), [&](const kind& each) { return each.name == name; }))
        from.complain("prober", "\"" + base::shortened(name, 60) + "\" is not one of http, tcp, icmp, dns");
    if (name == "grpc" || name == "unix")
        from.find(name); // its options say nothing here
    else
        from.unsupported("grpc", "remove it");
    read_sections(from, name, folder, made);
    from.finish();
    return made;
}

// Whether it shows the servers that it probes who it is. Proxies' logins go to the proxy, and a client certificate
// keeps its key.
bool has_credentials(const probe_module& of) {
    const auto settings = base::json::parse(of.settings, nullptr, false);
    const base::json none = base::json::object();
    const auto headers = settings.value("headers", none);
    bool secret = false;
    for (const auto& each : headers.items())
        secret = secret || base::is_secret_key(each.key());
    return secret || !of.files.empty() || settings.contains("bearer_token") ||
           !settings.value("basic_auth", none).value("password", "").empty();
}

void note_credentials(const config::yaml::member& named, std::string_view file, const probe_module& read,
                      module_set& into) {
    if (!has_credentials(read))
        return;
    config::problem told;
    told.file = file;
    told.at = named.at;
    told.path = "modules." + named.key;
    told.message = "has credentials, which go to whatever server a caller names, and exporter.access lets others than "
                   "admins call; set exporter.access: admin, or have them in a file without this module";
    into.with_credentials.push_back(config::to_text(told));
}

void merge(const config::problems& from, config::problems& into) {
    for (const auto& each : from.errors())
        into.add(each.file, each.at, each.path, each.message);
}

std::string told(const config::problems& all) {
    std::string text;
    for (const auto& each : all.errors())
        text += (text.empty() ? "" : "; ") + config::to_text(each);
    return text;
}

} // namespace

std::string_view to_text(prober shown) noexcept {
    for (const auto& each : kinds)
        if (each.how == shown)
            return each.name;
    return {};
}

result<module_set> read_modules(std::string_view text, std::string_view name, const std::filesystem::path& folder,
                                beyond_us what) {
    faults found;
    module_set made;
    const auto root = config::yaml::parse(text, name, found.wrong);
    if (root) {
        map_reader top(&*root, name, {}, found);
        const auto* all = top.find("modules");
        map_reader modules(all, name, "modules", found);
        top.finish();
        if (all == nullptr)
            top.complain("modules", "is missing: a map of modules by name");
        for (std::size_t i = 0; modules.given() && i < all->members.size(); ++i) {
            const auto& each = all->members[i];
            faults own;
            auto read = read_module(map_reader(&each.value, name, "modules." + each.key, own), folder);
            merge(own.wrong, found.wrong);
            for (auto& warning : own.wrong.warnings())
                made.warnings.push_back(std::move(warning));
            if (!own.beyond.any())
                note_credentials(each, name, read, made);
            if (!own.beyond.any())
                made.known.emplace(each.key, std::move(read));
            else if (what == beyond_us::leave_out)
                made.left_out.emplace(each.key, told(own.beyond));
            else
                merge(own.beyond, found.wrong);
        }
    }
    if (found.wrong.any())
        return found.wrong.to_error("invalid_modules");
    return made;
}

result<module_set> read_module_file(const std::filesystem::path& file, beyond_us what) {
    const auto text = config::yaml::read_text_file(file, file_limit);
    if (!text)
        return error("invalid_modules", file.string() + ": " + text.error().message());
    return read_modules(*text, file.string(), file.parent_path(), what);
}

const module_set& default_modules() {
    static const auto made = [] {
        auto read = read_modules(R"(modules:
  http_2xx: {prober: http}
  http_post_2xx: {prober: http, http: {method: POST}}
  tcp_connect: {prober: tcp}
  pop3s_banner:
    prober: tcp
    tcp:
      query_response: [{expect: '^\+OK'}]
      tls: true
  ssh_banner:
    prober: tcp
    tcp:
      query_response:
        - expect: '^SSH-2\.0-'
        - send: SSH-2.0-ferrule-ssh-check
  irc_banner:
    prober: tcp
    tcp:
      query_response:
        - send: NICK prober
        - send: 'USER prober prober prober :prober'
        - {expect: 'PING :([^ ]+)', send: 'PONG ${1}'}
        - expect: '^:[^ ]+ 001'
  icmp: {prober: icmp}
  icmp_ttl5: {prober: icmp, timeout: 5s, icmp: {ttl: 5}}
)",
                                 "the default modules", {}, beyond_us::refuse);
        if (!read)
            throw std::logic_error(read.error().message());
        return std::move(*read);
    }();
    return made;
}

std::string shown_settings(const probe_module& of) {
    auto shown = base::json::parse(of.settings, nullptr, false);
    const auto hide = [&shown](const char* pointer) {
        const base::json::json_pointer at(pointer);
        if (!shown.contains(at))
            return;
        if (auto& value = shown[at]; value.is_object())
            for (auto& each : value)
                each = "<hidden>";
        else
            value = "<hidden>";
    };
    for (const auto* each : {"/headers", "/proxy_headers", "/basic_auth/password", "/bearer_token", "/body"})
        hide(each);
    // A proxy's user and password stand before its host.
    if (shown.contains("proxy_url") && shown["proxy_url"].get_ref<const std::string&>().find('@') != std::string::npos)
        hide("/proxy_url");
    if (const auto steps = shown.find("steps"); steps != shown.end())
        for (auto& step : *steps)
            if (step.contains("send")) // conversations log in too
                step["send"] = "<hidden>";
    return base::dump(shown);
}

} // namespace ferrule::probes::blackbox
