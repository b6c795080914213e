// A device with everything that it refers to, as it was when a job was accepted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "devices/inventory.hpp"
#include "model/job.hpp"
#include "model/target.hpp"

namespace ferrule::devices {

/// What a session is opened to. Immutable and shared; holds the credentials by pointer, so a later change of the
/// inventory makes another one.
struct resolved_target {
    std::shared_ptr<const model::device> device; ///< Of the inventory, or made for an inline target.
    std::shared_ptr<const model::credential> login;
    std::vector<std::shared_ptr<const model::credential>> jump_logins; ///< One a hop.
    std::string order_key;                                             ///< device_key, made once a job.

    [[nodiscard]] const model::target& at() const noexcept { return device->at; }

    /// Where order is kept.
    [[nodiscard]] const std::string& key() const noexcept { return order_key; }

    /// What a failed login is remembered under; holds no secret.
    [[nodiscard]] std::string login_key() const;
    /// Session identity: whether a session opened to this one may serve the other.
    [[nodiscard]] bool same_session(const resolved_target& other) const;
};

using resolved_ptr = std::shared_ptr<const resolved_target>;

/// Looks everything up. `device_not_found` (with the nearest name), `device_disabled`, `credential_not_found`.
result<resolved_ptr> resolve(const inventory& known, const model::job_request& request);

} // namespace ferrule::devices
