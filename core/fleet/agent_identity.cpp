#include "fleet/agent_identity.hpp"

#include "base/private_file.hpp"
#include "fleet/pki/openssl.hpp"
#include "fleet/pki/request.hpp"

#include <openssl/err.h>

#include <functional>

namespace ferrule::fleet {

namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";

error invalid(const std::filesystem::path& file) {
    return error("identity_invalid",
                 "the file " + file.string() +
                     " does not hold the agent's certificate, its key and the authority's certificate: remove it and "
                     "join again with a new token");
}

bool fits(const net::tls_identity& parts) {
    const auto own = pki::certificate_of(parts.certificate);
    const auto key = pki::key_of(parts.key.reveal());
    const auto root = pki::certificate_of(parts.authority);
    const bool good = own && key && root && X509_check_private_key(own.get(), key.get()) == 1 &&
                      X509_verify(own.get(), X509_get0_pubkey(root.get())) == 1;
    ERR_clear_error();
    return good;
}

agent_identity identified(net::tls_identity parts) {
    agent_identity out;
    out.facts = net::facts_of(pki::certificate_of(parts.certificate).get());
    out.tls = std::move(parts);
    return out;
}

} // namespace

base::wall_time agent_identity::renew_at() const {
    const auto life = facts.not_after - facts.not_before;
    const auto spread = static_cast<std::int64_t>(std::hash<std::string>()(facts.serial) % 100);
    return facts.not_before + life * 2 / 3 - life * spread / 2000; // up to a twentieth earlier
}

identity_file::identity_file(std::filesystem::path folder)
    : folder_(std::move(folder)) {}

result<std::optional<agent_identity>> identity_file::load() const {
    const auto file = folder_ / "identity.pem";
    if (!base::is_there(file))
        return std::optional<agent_identity>();
    const auto text = base::read_private(file);
    if (!text)
        return text.error();
    net::tls_identity parts;
    auto rest = text->reveal();
    while (!rest.empty()) {
        const auto begin = rest.find(begin_mark);
        if (begin == std::string_view::npos)
            break;
        rest.remove_prefix(begin);
        const auto part = rest.substr(0, rest.find(begin_mark, begin_mark.size()));
        rest.remove_prefix(part.size());
        if (part.find("PRIVATE KEY") != std::string_view::npos)
            parts.key = base::secret(std::string(part));
        else if (parts.certificate.empty())
            parts.certificate = part;
        else
            parts.authority = part;
    }
    if (!fits(parts))
        return invalid(file);
    return std::optional(identified(std::move(parts)));
}

std::string identity_file::name_or(std::string asked_for) const {
    if (const auto joined = load(); joined && *joined)
        return (*joined)->facts.name;
    return asked_for;
}

result<base::secret> identity_file::pending_key() const {
    const auto file = folder_ / "pending.key";
    if (base::is_there(file))
        return base::read_private(file);
    auto fresh = pki::make_key();
    if (auto made = base::make_private(file, fresh.reveal()); !made)
        return made.error();
    return fresh;
}

result<agent_identity> identity_file::save(const protocol::grant& granted, const base::secret& key) const {
    net::tls_identity parts;
    parts.certificate = granted.certificate;
    parts.key = key;
    parts.authority = granted.authority;
    if (!fits(parts))
        return error("identity_invalid", "the controller sent a certificate that is not for this agent's key");
    // First, so that an agent that has joined knows it.
    if (!granted.command_key.empty())
        if (auto pinned = base::write_file(folder_ / command_key_file, granted.command_key + "\n", 0600); !pinned)
            return pinned.error();
    std::string text = parts.certificate;
    text += key.reveal();
    text += parts.authority;
    auto written = base::write_file(folder_ / "identity.pem", text, 0600);
    base::wipe(text);
    if (!written)
        return written.error();
    std::error_code ignored;
    std::filesystem::remove(folder_ / "pending.key", ignored);
    return identified(std::move(parts));
}

} // namespace ferrule::fleet
