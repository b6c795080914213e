// The device tester: a login and nothing more.
#pragma once

#include "devices/device_tester.hpp"
#include "devices/inventory.hpp"
#include "devices/node_parts.hpp"
#include "runtime/gate.hpp"

namespace ferrule::devices {

/// Opens a session beside those of jobs, so a pinned one is not disturbed. Counts as a login: hold-back applies to it
/// and follows from it.
class login_tester final : public device_tester {
  public:
    login_tester(node_parts& parts, const inventory& known);

    asio::awaitable<result<base::json>> test(std::string name, base::duration limit) override;
    /// Takes nothing new and waits for what runs.
    asio::awaitable<void> stop(base::duration limit);

  private:
    node_parts& parts_;
    const inventory& known_;
    runtime::gate gate_;
};

} // namespace ferrule::devices
