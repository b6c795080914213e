#include "simdevice/simulator.hpp"

#include "simdevice/pending_forward.hpp"
#include "simdevice/shard.hpp"

#include <stdexcept>

namespace ferrule::simdevice {

namespace {

/// libssh wants to be initialised once, before any thread uses it.
void initialise_libssh() {
    static const int result = ssh_init();
    if (result != SSH_OK) {
        throw std::runtime_error("libssh could not be initialised");
    }
}

} // namespace

class simulator::implementation {
  public:
    struct site {
        std::unique_ptr<device> what;
        std::unique_ptr<listener> door;
    };

    site& at(const std::string& name) {
        const auto place = sites_.find(name);
        if (place == sites_.end()) {
            throw std::out_of_range("no simulated device is called '" + name + "'");
        }
        return place->second;
    }

    std::map<std::string, site> sites_;
    std::vector<std::unique_ptr<shard>> shards_;
};

simulator::simulator(std::vector<device_spec> devices, std::size_t threads)
    : implementation_(std::make_unique<implementation>()) {
    initialise_libssh();
    auto& parts = *implementation_;
    for (std::size_t i = 0; i < std::max<std::size_t>(1, threads); ++i) {
        parts.shards_.push_back(std::make_unique<shard>());
    }
    const auto lookup = [&parts](const std::string& name) -> std::optional<std::uint16_t> {
        const auto place = parts.sites_.find(name);
        return place == parts.sites_.end() ? std::nullopt : std::optional(place->second.what->port.load());
    };
    for (auto& spec : devices) {
        const auto name = spec.name;
        if (name.empty() || parts.sites_.contains(name)) {
            throw std::invalid_argument(name.empty() ? "a device has no name"
                                                     : "two devices are called '" + name + "'");
        }
        auto made = std::make_unique<device>(std::move(spec), lookup);
        auto door = std::make_unique<listener>(*made, parts.shards_.front()->loop(), parts.shards_);
        parts.sites_[name] = {std::move(made), std::move(door)};
    }
    for (auto& part : parts.shards_) {
        part->loop().start();
    }
    parts.shards_.front()->loop().call([&parts] {
        for (auto& [name, site] : parts.sites_) {
            site.door->open();
        }
    });
}

simulator::~simulator() {
    stop();
}

void simulator::stop() {
    auto& parts = *implementation_;
    parts.shards_.front()->loop().call([&parts] {
        for (auto& [name, site] : parts.sites_) {
            site.door->close();
        }
    });
    for (auto& part : parts.shards_) {
        part->loop().call([&part] { part->drop_all(nullptr, false, "the simulator stopped"); });
        part->loop().stop();
    }
}

std::uint16_t simulator::port(const std::string& device) const {
    return implementation_->at(device).what->port;
}

std::map<std::string, std::uint16_t> simulator::ports() const {
    std::map<std::string, std::uint16_t> all;
    for (const auto& [name, site] : implementation_->sites_) {
        all[name] = site.what->port;
    }
    return all;
}

std::vector<transcript_entry> simulator::transcript(const std::string& device) const {
    return implementation_->at(device).what->record.transcript();
}

std::vector<std::string> simulator::commands(const std::string& device) const {
    std::vector<std::string> texts;
    for (auto& entry : transcript(device)) {
        if (entry.kind != entry_kind::reply) {
            texts.push_back(std::move(entry.text));
        }
    }
    return texts;
}

std::vector<session_record> simulator::sessions(const std::string& device) const {
    return implementation_->at(device).what->record.sessions();
}

device_counters simulator::counters(const std::string& device) const {
    return implementation_->at(device).what->record.counters();
}

std::size_t simulator::sessions_open(const std::string& device) const {
    return counters(device).sessions_open;
}

void simulator::clear_transcript(const std::string& device) {
    implementation_->at(device).what->record.clear_transcript();
}

bool simulator::wait_until(const std::string& device, const std::function<bool(const device_counters&)>& wanted,
                           std::chrono::milliseconds limit) const {
    return implementation_->at(device).what->record.wait(wanted, limit);
}

void simulator::drop_all(const std::string& device, bool reset) {
    const auto* target = implementation_->at(device).what.get();
    for (auto& part : implementation_->shards_) {
        part->loop().call([&] { part->drop_all(target, reset, "dropped from outside"); });
    }
}

void simulator::change_host_key(const std::string& device) {
    implementation_->at(device).what->identity.rotate();
}

std::vector<std::string> simulator::host_keys(const std::string& device) const {
    return implementation_->at(device).what->identity.public_keys();
}

void simulator::set_frozen(const std::string& device, bool frozen) {
    auto& target = *implementation_->at(device).what;
    target.frozen = frozen;
    for (auto& part : implementation_->shards_) {
        part->loop().call([&] { part->set_frozen(target, frozen); });
    }
}

void simulator::set_listening(const std::string& device, bool listening) {
    auto& door = *implementation_->at(device).door;
    implementation_->shards_.front()->loop().call([&] { listening ? door.open() : door.close(); });
}

} // namespace ferrule::simdevice
