// SPDX-License-Identifier: Apache-2.0
// Reading the settings of a check once, not at every measurement.
#pragma once

#include <ferrule/sdk/json.hpp>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ferrule::probes {

/// What was read from targets, found again by their text without the members that say where they are, so that checks
/// which differ in nothing else share it. Bounded in number and in the size of what was read, so that nobody who
/// chooses settings fills the memory; starts anew when it is full, and keeps nothing that is in use from living on. One
/// thread.
template <class Settings>
class settings_cache {
  public:
    using pointer = std::shared_ptr<const Settings>;

    explicit settings_cache(std::initializer_list<std::string_view> place = {"host", "port"})
        : place_(place) {}

    /// The settings of a target, made by `read(target)` when they are not there yet. What `read` throws is passed on
    /// and not remembered.
    template <class Read>
    pointer get(const sdk::json& target, Read read) {
        key_.clear();
        for (std::size_t i = 0; i < target.keys().size(); ++i) {
            if (std::find(place_.begin(), place_.end(), target.keys()[i]) == place_.end()) {
                sdk::append_json_string(key_, target.keys()[i]);
                key_ += target.items()[i].dump();
            }
        }
        if (const auto found = known_.find(key_); found != known_.end()) {
            return found->second;
        }
        auto made = std::make_shared<const Settings>(read(target));
        if (key_.size() > most_bytes) {
            return made;
        }
        if (known_.size() >= most || bytes_ + key_.size() > most_bytes) {
            clear();
        }
        known_.emplace(key_, made);
        bytes_ += key_.size();
        return made;
    }

    void clear() {
        known_.clear();
        bytes_ = 0;
    }

    [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }

    static constexpr std::size_t most = 4096;
    static constexpr std::size_t most_bytes = std::size_t{4} << 20; ///< Of settings as text; compiled they take more.

  private:
    std::unordered_map<std::string, pointer> known_;
    std::vector<std::string_view> place_; // constants
    std::string key_;                     // kept for its memory
    std::size_t bytes_ = 0;               // of all keys
};

} // namespace ferrule::probes
