#include "fleet/registry.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "fleet/protocol/frame.hpp"
#include "state/event_bus.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::fleet {

using base::json;
using model::agent_state;

namespace {

/// How often what an agent tells is written without need; counters lose at most so much in a crash.
constexpr base::duration save_every = std::chrono::minutes(1);
/// Of a herd that comes at once; the others follow with the next sweeps, so that nothing stands still meanwhile.
constexpr std::size_t saved_at_once = 500;
constexpr base::duration least_interval = std::chrono::seconds(1);
constexpr std::size_t largest_metrics = 16384;

std::string to_event(const model::agent& about) {
    const json shown{{"name", about.name},
                     {"state", model::to_text(about.state)},
                     {"connected", about.connected},
                     {"region", about.region},
                     {"labels", about.tags}};
    return base::dump(shown);
}

double load_a_core(const json& metrics) {
    const auto load = metrics.find("load");
    const auto cpu = metrics.find("cpu");
    if (load == metrics.end() || !load->is_array() || load->empty() || !load->front().is_number() ||
        cpu == metrics.end() || !cpu->is_object())
        return 0;
    return load->front().get<double>() /
           static_cast<double>(std::max<std::uint64_t>(protocol::number_of(*cpu, "cores"), 1));
}

} // namespace

registry::registry(store::store& records, state::event_bus& bus, const base::clock& clock)
    : records_(records)
    , bus_(bus)
    , clock_(clock) {}

std::vector<agent_ptr> registry::list() const {
    std::vector<agent_ptr> found;
    const std::lock_guard lock(mutex_);
    found.reserve(all_.size());
    for (const auto& [name, each] : all_)
        found.push_back(each.shown);
    return found;
}

agent_ptr registry::find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = all_.find(name);
    return at == all_.end() ? nullptr : at->second.shown;
}

std::optional<std::string> registry::judge(const net::certificate_facts& shown) const {
    const std::lock_guard lock(mutex_);
    const auto at = all_.find(shown.name);
    if (at == all_.end())
        return std::nullopt;
    if (at->second.revoked)
        return "the certificate is revoked";
    if (shown.serial.size() != at->second.least_serial.size() && !at->second.least_serial.empty())
        return "the certificate has a serial number that is none of this authority's";
    if (shown.serial < at->second.least_serial)
        return "the certificate is superseded by a newer one of the same agent";
    return std::nullopt;
}

bool registry::is_taken(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = all_.find(name);
    if (at == all_.end() || at->second.revoked)
        return false;
    const auto ends = at->second.shown->certificate_expires_at;
    return !ends || *ends > clock_.wall_now();
}

std::string registry::highest_serial(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto at = all_.find(name);
    return at == all_.end() ? std::string() : at->second.highest_serial;
}

registry::entry& registry::entry_of(const std::string& name) {
    auto& found = all_[name];
    if (!found.shown) {
        model::agent fresh;
        fresh.name = name;
        fresh.joined_at = clock_.wall_now();
        found.shown = std::make_shared<const model::agent>(std::move(fresh));
        found.gone = true;
    }
    return found;
}

void registry::apply(entry& to, const admission& wanted) const {
    auto changed = *to.shown;
    changed.joined_at = clock_.wall_now();
    changed.host = wanted.host;
    changed.tags = wanted.tags;
    changed.region = wanted.region;
    changed.certificate_serial = wanted.certificate.serial;
    changed.certificate_expires_at = wanted.certificate.not_after;
    changed.state = agent_state::offline;
    to.shown = std::make_shared<const model::agent>(std::move(changed));
    to.token_tags = wanted.tags;
    to.token_region = wanted.region;
    to.least_serial = to.highest_serial = wanted.certificate.serial;
    to.revoked = false;
    to.gone = true;
}

store::record registry::record_of(admission& wanted) const {
    entry draft;
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = all_.find(wanted.name); at != all_.end())
            draft = at->second;
    }
    wanted.revocations = draft.revocations;
    if (!draft.shown) {
        model::agent fresh;
        fresh.name = wanted.name;
        draft.shown = std::make_shared<const model::agent>(std::move(fresh));
    }
    apply(draft, wanted);
    return to_record(draft);
}

result<void> registry::admit(const admission& wanted) {
    const std::lock_guard lock(mutex_);
    auto& found = entry_of(wanted.name);
    if (found.revocations != wanted.revocations) {
        // What was written for the admission may stand over what the revocation wrote.
        found.highest_serial = std::max(found.highest_serial, wanted.certificate.serial);
        records_.write(to_record(found), [](const result<void>&) {}); // the store logs what it cannot write
        return error("certificate_revoked", "the agent " + wanted.name + " was revoked while it joined");
    }
    apply(found, wanted);
    // What was due from before may be written after what the admission has written.
    found.changed = true;
    found.saved = {};
    publish(*found.shown);
    return ok();
}

void registry::greeted(const std::string& name, const net::certificate_facts& shown, const protocol::hello& from,
                       const std::string& address) {
    const auto now = clock_.wall_now();
    const std::lock_guard lock(mutex_);
    auto& found = entry_of(name);
    auto changed = *found.shown;
    changed.tags = from.tags;
    for (const auto& [key, value] : found.token_tags)
        changed.tags[key] = value;
    changed.region = found.token_region.empty() ? from.region : found.token_region;
    changed.version = from.version;
    changed.host = from.host;
    changed.boot_id = from.boot_id;
    changed.features = from.features;
    changed.heartbeat = from.heartbeat;
    changed.address = address;
    changed.connected = true;
    changed.connected_at = changed.last_seen_at = now;
    changed.certificate_serial = shown.serial;
    changed.certificate_expires_at = shown.not_after;
    changed.lost_deliveries += from.lost;
    found.least_serial = std::max(found.least_serial, shown.serial);
    found.highest_serial = std::max(found.highest_serial, shown.serial);
    found.heard = clock_.steady_now();
    found.gone = false;
    found.changed = true;
    found.saved = {};
    changed.state = agent_state::online;
    show(found, std::move(changed));
}

void registry::heartbeat(const std::string& name, const json& body) {
    const auto now = clock_.steady_now();
    const std::lock_guard lock(mutex_);
    const auto at = all_.find(name);
    if (at == all_.end() || !at->second.shown->connected)
        return;
    auto& found = at->second;
    found.heard = now;
    found.changed = true;
    auto changed = *found.shown;
    changed.last_seen_at = clock_.wall_now();
    if (const auto network = body.find("network"); network != body.end()) {
        found.traffic.take(*network, protocol::text_of(body, "host_boot_id", 64), now);
        changed.traffic = found.traffic.shown();
    }
    changed.load = load_a_core(body);
    if (const auto kept = body.find("spool"); kept != body.end() && kept->is_object())
        changed.spooled = protocol::number_of(*kept, "messages");
    if (const auto told = body.find("checks"); told != body.end() && told->is_object()) {
        changed.ticks_missed = protocol::number_of(*told, "ticks_missed");
        changed.results_lost = protocol::number_of(*told, "results_lost");
    }
    auto metrics = base::dump(body);
    if (metrics.size() <= largest_metrics)
        changed.metrics = std::move(metrics);
    if (!found.revoked)
        changed.state = agent_state::online;
    show(found, std::move(changed));
}

void registry::disconnected(const std::string& name, bool said_goodbye) {
    const std::lock_guard lock(mutex_);
    const auto at = all_.find(name);
    if (at == all_.end())
        return;
    auto& found = at->second;
    found.gone = said_goodbye;
    found.changed = true;
    found.saved = {};
    auto changed = *found.shown;
    changed.connected = false;
    changed.connected_at.reset();
    // Without a farewell it may be back in a moment; the next sweep tells when it is not.
    if (said_goodbye && !found.revoked)
        changed.state = agent_state::offline;
    show(found, std::move(changed));
}

agent_state registry::state_of(const entry& of, base::steady_time now) {
    if (of.revoked)
        return agent_state::revoked;
    if (of.gone)
        return agent_state::offline;
    const auto interval = std::max(of.shown->heartbeat, least_interval);
    const auto silent = now - of.heard;
    if (silent >= interval * 6)
        return agent_state::offline;
    if (!of.shown->connected)
        return silent >= least_interval ? agent_state::late : of.shown->state;
    return silent >= interval * 5 / 2 ? agent_state::late : agent_state::online;
}

void registry::sweep() {
    const auto now = clock_.steady_now();
    std::vector<store::record> due;
    const std::lock_guard lock(mutex_);
    const auto most = std::max(saved_at_once, all_.size() / 30); // all within half of save_every
    for (auto& [name, each] : all_) {
        if (const auto state = state_of(each, now); state != each.shown->state) {
            auto changed = *each.shown;
            changed.state = state;
            show(each, std::move(changed));
        }
        if (!each.changed || (each.saved != base::steady_time{} && now - each.saved < save_every) || due.size() == most)
            continue;
        each.changed = false;
        each.saved = now;
        due.push_back(to_record(each));
    }
    if (!due.empty())
        records_.write(std::move(due), [](const result<void>&) {}); // the store logs what it cannot write
}

void registry::show(entry& of, model::agent changed) const {
    const bool news = of.shown->state != changed.state;
    of.shown = std::make_shared<const model::agent>(std::move(changed));
    if (news)
        publish(*of.shown);
}

void registry::publish(const model::agent& about) const {
    base::log::info("fleet", "the agent's state has changed",
                    {{"agent", about.name}, {"state", std::string(model::to_text(about.state))}});
    if (bus_.wanted())
        bus_.publish("agent", about.name, to_event(about));
}

} // namespace ferrule::fleet
