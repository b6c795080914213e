#include "devices/inventory.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "devices/cancelled.hpp"
#include "model/inventory_json.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::devices {

using base::json;

namespace {

constexpr const char* device_records = "devices";
constexpr const char* credential_records = "credentials";

std::string purpose(const std::string& name) {
    return "credential " + name;
}

error read_only(const std::string& what) {
    return error("read_only", what + " comes from the configuration file and is changed there");
}

template <class Map>
auto page_of(const Map& all, std::string_view cursor, std::size_t limit, const auto& wanted) {
    model::page<typename Map::mapped_type> found;
    for (auto at = all.upper_bound(cursor); at != all.end(); ++at) {
        if (!wanted(*at->second))
            continue;
        if (found.items.size() == limit) {
            found.next = found.items.back()->name;
            break;
        }
        found.items.push_back(at->second);
    }
    return found;
}

} // namespace

std::vector<store::collection> inventory::collections() {
    std::vector<store::collection> kept;
    kept.emplace_back(device_records, std::vector<std::string>{});
    kept.emplace_back(credential_records, std::vector<std::string>{});
    return kept;
}

inventory::inventory(store::store& records, const vault& sealing)
    : records_(records)
    , sealing_(sealing) {}

asio::awaitable<result<void>> inventory::load(std::vector<model::device> devices,
                                              std::vector<model::credential> credentials) {
    store::query all_credentials;
    all_credentials.collection = credential_records;
    auto kept_credentials = co_await records_.scan(std::move(all_credentials));
    if (!kept_credentials)
        co_return kept_credentials.error();
    store::query all_devices;
    all_devices.collection = device_records;
    auto kept_devices = co_await records_.scan(std::move(all_devices));
    if (!kept_devices)
        co_return kept_devices.error();

    const std::lock_guard lock(mutex_);
    for (const auto& row : *kept_credentials) {
        auto opened = sealing_.open_sealed(row.value, purpose(row.key));
        if (!opened)
            co_return opened.error();
        auto parsed = json::parse(opened->reveal(), nullptr, false);
        auto entry = model::credential_from_secret_json(parsed);
        model::wipe(parsed);
        if (!entry)
            co_return entry.error().within("credential " + row.key);
        entry->version = next_version_++;
        credentials_[row.key] = std::make_shared<const model::credential>(std::move(*entry));
    }
    for (const auto& row : *kept_devices) {
        auto entry = model::device_from_json(json::parse(row.value, nullptr, false));
        if (!entry)
            co_return entry.error().within("device " + row.key);
        devices_[row.key] = std::make_shared<const model::device>(std::move(*entry));
    }
    for (auto& each : credentials) {
        if (credentials_.contains(each.name))
            base::log::warn("devices", "a credential of the configuration file hides one that was made by REST",
                            {{"name", each.name}});
        each.version = next_version_++;
        file_credentials_.push_back(each.name);
        auto name = each.name;
        credentials_[std::move(name)] = std::make_shared<const model::credential>(std::move(each));
    }
    for (auto& each : devices) {
        if (devices_.contains(each.name))
            base::log::warn("devices", "a device of the configuration file hides one that was made by REST",
                            {{"name", each.name}});
        each.origin = "file";
        auto name = each.name;
        devices_[std::move(name)] = std::make_shared<const model::device>(std::move(each));
    }
    co_return ok();
}

std::shared_ptr<const model::device> inventory::find_device(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto at = devices_.find(name);
    return at == devices_.end() ? nullptr : at->second;
}

std::shared_ptr<const model::credential> inventory::find_credential(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto at = credentials_.find(name);
    return at == credentials_.end() ? nullptr : at->second;
}

model::page<std::shared_ptr<const model::device>> inventory::devices(std::string_view cursor, std::size_t limit,
                                                                     const model::labels& tags) const {
    const std::lock_guard lock(mutex_);
    return page_of(devices_, cursor, limit, [&tags](const model::device& each) {
        return std::all_of(tags.begin(), tags.end(), [&each](const auto& tag) {
            const auto at = each.tags.find(tag.first);
            return at != each.tags.end() && at->second == tag.second;
        });
    });
}

model::page<std::shared_ptr<const model::credential>> inventory::credentials(std::string_view cursor,
                                                                             std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    return page_of(credentials_, cursor, limit, [](const model::credential&) { return true; });
}

result<void> inventory::check_references(const model::device& entry) const {
    const auto missing = [this](const std::string& name) { return !name.empty() && !credentials_.contains(name); };
    const auto complaint = [](const std::string& name) {
        return error("credential_not_found", "there is no credential \"" + name + "\": make it first");
    };
    if (missing(entry.at.credential))
        return complaint(entry.at.credential);
    for (const auto& hop : entry.at.jump)
        if (missing(hop.credential))
            return complaint(hop.credential);
    return ok();
}

bool inventory::is_file_credential(std::string_view name) const {
    return std::find(file_credentials_.begin(), file_credentials_.end(), name) != file_credentials_.end();
}

asio::awaitable<result<bool>> inventory::put(model::device entry) {
    const auto turn = co_await changes_.take();
    if (!turn)
        co_return cancelled();
    entry.origin = "api";
    {
        const std::lock_guard lock(mutex_);
        if (const auto at = devices_.find(entry.name); at != devices_.end() && at->second->origin == "file")
            co_return read_only("the device \"" + entry.name + "\"");
        if (auto checked = check_references(entry); !checked)
            co_return checked.error();
    }
    auto value = model::to_json(entry);
    value.erase("origin");
    store::record kept(device_records, entry.name, base::dump(value));
    auto written = co_await records_.put(std::move(kept));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    auto name = entry.name;
    const bool fresh = !devices_.contains(name);
    devices_[std::move(name)] = std::make_shared<const model::device>(std::move(entry));
    co_return fresh;
}

asio::awaitable<result<bool>> inventory::put(model::credential entry) {
    const auto turn = co_await changes_.take();
    if (!turn)
        co_return cancelled();
    {
        const std::lock_guard lock(mutex_);
        if (is_file_credential(entry.name))
            co_return read_only("the credential \"" + entry.name + "\"");
        entry.version = next_version_++;
    }
    auto value = model::to_secret_json(entry);
    auto text = base::dump(value);
    model::wipe(value);
    store::record kept(credential_records, entry.name, sealing_.seal(text, purpose(entry.name)));
    base::wipe(text);
    auto written = co_await records_.put(std::move(kept));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    auto name = entry.name;
    const bool fresh = !credentials_.contains(name);
    credentials_[std::move(name)] = std::make_shared<const model::credential>(std::move(entry));
    co_return fresh;
}

asio::awaitable<result<void>> inventory::remove_device(std::string name) {
    const auto turn = co_await changes_.take();
    if (!turn)
        co_return cancelled();
    {
        const std::lock_guard lock(mutex_);
        const auto at = devices_.find(name);
        if (at == devices_.end())
            co_return error("device_not_found", "there is no device \"" + name + "\"");
        if (at->second->origin == "file")
            co_return read_only("the device \"" + name + "\"");
    }
    store::record gone(device_records, name, {});
    gone.remove = true;
    auto written = co_await records_.put(std::move(gone));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    devices_.erase(name);
    co_return ok();
}

asio::awaitable<result<void>> inventory::remove_credential(std::string name) {
    const auto turn = co_await changes_.take();
    if (!turn)
        co_return cancelled();
    {
        const std::lock_guard lock(mutex_);
        if (!credentials_.contains(name))
            co_return error("credential_not_found", "there is no credential \"" + name + "\"");
        if (is_file_credential(name))
            co_return read_only("the credential \"" + name + "\"");
        std::vector<std::string> users;
        for (const auto& [key, each] : devices_) {
            const auto& hops = each->at.jump;
            const bool jumps =
                std::any_of(hops.begin(), hops.end(), [&name](const auto& hop) { return hop.credential == name; });
            if (each->at.credential == name || jumps)
                users.push_back(key);
        }
        if (!users.empty())
            co_return error("in_use", "the credential \"" + name + "\" is used by " + base::join(users, ", "));
    }
    store::record gone(credential_records, name, {});
    gone.remove = true;
    auto written = co_await records_.put(std::move(gone));
    if (!written)
        co_return written.error();
    const std::lock_guard lock(mutex_);
    credentials_.erase(name);
    co_return ok();
}

std::string inventory::nearest_device(std::string_view name) const {
    std::vector<std::string> names;
    const std::lock_guard lock(mutex_);
    names.reserve(devices_.size());
    for (const auto& [key, each] : devices_)
        names.push_back(key);
    return std::string(base::nearest(name, names));
}

} // namespace ferrule::devices
