// SPDX-License-Identifier: Apache-2.0
// Running a driver under test.
#pragma once

#include <ferrule/abi/driver.h>
#include <ferrule/testhost/plugin.hpp>

namespace ferrule::testhost {

/// One instance of a driver. The functions only start an operation; host::wait runs it to its end. The target and the
/// request are freed when the operation completes, so that a driver which looks at them later is found by a sanitizer.
class driver : public detail::instance<frl_driver_api> {
  public:
    /// Throws std::runtime_error with the plugin's error when create fails.
    driver(host& on, const frl_component& component, std::string_view config = "{}")
        : instance(on, component, config) {}

    frl_op open(frl_session session, std::string target) {
        const auto op = on().begin(std::move(target));
        invoke([this, session, op] { api().open(raw(), session, on().request(op), op); });
        return op;
    }

    frl_op exec(frl_session session, std::string request) {
        const auto op = on().begin(std::move(request));
        invoke([this, session, op] { api().exec(raw(), session, on().request(op), op); });
        return op;
    }

    frl_op keepalive(frl_session session) {
        const auto op = on().begin();
        invoke([this, session, op] { api().keepalive(raw(), session, op); });
        return op;
    }

    frl_op close(frl_session session) {
        const auto op = on().begin();
        invoke([this, session, op] { api().close(raw(), session, op); });
        return op;
    }

    void cancel(frl_op op) {
        on().mark_cancelled(op);
        api().cancel(raw(), op);
    }
};

} // namespace ferrule::testhost
