// A driver whose sessions run a function of the test, so that a wait can be tested by a few lines where the test
// stands.
#pragma once

#include <ferrule/sdk.hpp>
#include <ferrule/testhost.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace scripted {

namespace sdk = ferrule::sdk;
namespace th = ferrule::testhost;

/// The component of a class, without a plugin around it.
template <class T>
frl_component component_for(std::string_view name = "under_test") {
    return {sizeof(frl_component), T::execution, sdk::str(T::kind), sdk::str(name), &T::template table<T>()};
}

class session final : public sdk::driver_session {
  public:
    using sdk::driver_session::home;
    using sdk::driver_session::id;
    using sdk::driver_session::lost;
    using sdk::driver_session::spawn;

    using script = std::function<sdk::task<sdk::reply>(session&, sdk::call&)>;

    static inline script on_exec;
    static inline script on_close;
    static inline std::string_view request; ///< What exec was given.
    static inline int alive = 0;

    session() { ++alive; }

    ~session() override { --alive; }

  private:
    sdk::task<sdk::reply> open(std::string_view, sdk::call&) override { co_return sdk::done(); }

    sdk::task<sdk::reply> exec(std::string_view text, sdk::call& c) override {
        request = text;
        return on_exec(*this, c);
    }

    sdk::task<sdk::reply> keepalive(sdk::call&) override { co_return sdk::done(); }

    sdk::task<sdk::reply> close(sdk::call& c) override {
        if (on_close) {
            return on_close(*this, c);
        }
        return driver_session::close(c);
    }
};

class driver final : public sdk::driver {
    std::unique_ptr<sdk::driver_session> make_session() override { return std::make_unique<session>(); }
};

/// A host with one open session, number 1.
struct bench {
    th::host host;
    frl_component component = component_for<driver>();
    th::driver under_test{host, component};

    bench() {
        session::on_exec = nullptr;
        session::on_close = nullptr;
        host.wait(under_test.open(1, "{}"));
    }

    /// Starts the script as a command.
    frl_op start(session::script script) {
        session::on_exec = std::move(script);
        const auto op = under_test.exec(1, "{}");
        host.loop().run_ready();
        return op;
    }

    th::outcome run(session::script script) { return host.wait(start(std::move(script))); }
};

inline std::string name_of(sdk::wait_status status) {
    return status == sdk::wait_status::ready       ? "ready"
           : status == sdk::wait_status::timed_out ? "timed out"
                                                   : "cancelled";
}

inline std::string fixture(std::string_view name) {
    return std::string(FERRULE_FIXTURES_DIR "/") + std::string(name) + ".so";
}

} // namespace scripted
