// What the counters of a host's interfaces become over resets, restarts and interfaces that come and go.
#include "fleet/traffic.hpp"

#include "base/json.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using namespace std::chrono_literals;
using base::json;
using fleet::traffic;
using model::interface_counters;

namespace {

/// As a heartbeat tells it: each counter is another multiple of `base`.
json told(std::uint64_t base) {
    return {{"rx_bytes", base * 100}, {"rx_packets", base * 10}, {"rx_errors", base * 3}, {"rx_dropped", base * 2},
            {"tx_bytes", base * 200}, {"tx_packets", base * 20}, {"tx_errors", base * 5}, {"tx_dropped", base * 4}};
}

interface_counters counted(std::uint64_t base) {
    return {base * 100, base * 10, base * 3, base * 2, base * 200, base * 20, base * 5, base * 4};
}

class host {
  public:
    /// The next heartbeat, ten seconds after the one before.
    void tell(const json& interfaces, const std::string& boot = "boot-1") {
        now_ += 10s;
        of.take(interfaces, boot, now_);
    }

    void restart_controller() {
        of = traffic::from_record(*base::parse_json(base::dump(of.to_record())));
        now_ = base::steady_time(1s); // another clock
    }

    [[nodiscard]] interface_counters passed(const std::string& name) const { return of.interfaces().at(name).passed; }

    [[nodiscard]] model::interface_traffic shown(const std::string& name) const {
        for (const auto& each : of.shown())
            if (each.name == name)
                return each;
        FAIL("there is no " << name);
        return {};
    }

    traffic of;

  private:
    base::steady_time now_{1h};
};

std::string numbered(int number) {
    auto digits = std::to_string(number);
    return "if" + std::string(4 - digits.size(), '0') + digits;
}

} // namespace

TEST_CASE("all counters become what has passed, over resets, restarts of the host and of the controller") {
    host at;
    at.tell({{"eth0", told(1000)}, {"odd", 1}});
    CHECK(at.of.interfaces().size() == 1);
    CHECK(at.passed("eth0") == counted(0)); // counting begins here
    at.tell({{"eth0", told(1500)}});
    CHECK(at.passed("eth0") == counted(500));
    CHECK(at.shown("eth0").received_per_second == 5000);
    CHECK(at.shown("eth0").sent_per_second == 10000);
    at.tell({{"eth0", told(30)}}); // the interface was made anew
    CHECK(at.passed("eth0") == counted(530));
    at.tell({{"eth0", told(70)}}, "boot-2"); // the host was booted, and has passed its old count
    CHECK(at.passed("eth0") == counted(600));
    at.restart_controller();
    CHECK(at.passed("eth0") == counted(600));
    at.tell({{"eth0", told(100)}}, "boot-2");
    CHECK(at.passed("eth0") == counted(630));
    CHECK(at.shown("eth0").received_per_second == 0); // over which time is not known
}

TEST_CASE("one counter that goes back does not disturb the others") {
    host at;
    at.tell({{"eth0", told(10)}});
    auto reset = told(11);
    reset["rx_errors"] = 2U;
    at.tell({{"eth0", reset}});
    auto expected = counted(1);
    expected.rx_errors = 2;
    CHECK(at.passed("eth0") == expected);
}

TEST_CASE("an interface that is missing keeps its sums, and goes on with them when it comes back") {
    host at;
    at.tell({{"eth0", told(10)}, {"ppp0", told(10)}});
    at.tell({{"eth0", told(20)}, {"ppp0", told(30)}});
    at.tell({{"eth0", told(30)}});
    CHECK(at.passed("ppp0") == counted(20));
    CHECK_FALSE(at.shown("ppp0").present);
    CHECK(at.shown("ppp0").received_per_second == 0);
    CHECK(at.shown("eth0").present);
    at.restart_controller();
    CHECK_FALSE(at.shown("ppp0").present);
    at.tell(json::object());
    CHECK_FALSE(at.shown("eth0").present);
    at.tell({{"eth0", told(40)}, {"ppp0", told(5)}}); // dialled anew: it began at zero
    CHECK(at.shown("ppp0").present);
    CHECK(at.passed("ppp0") == counted(25));
    CHECK(at.passed("eth0") == counted(30));
    at.tell({{"eth0", told(40)}});
    at.tell({{"eth0", told(40)}, {"ppp0", told(6)}}, "boot-2"); // gone over a boot
    CHECK(at.passed("ppp0") == counted(31));
}

TEST_CASE("an interface that comes after the first heartbeat counts from zero") {
    host at;
    at.tell({{"eth0", told(10)}});
    at.tell({{"eth0", told(10)}, {"tun0", told(7)}});
    CHECK(at.passed("tun0") == counted(7));
    CHECK(at.shown("tun0").received_per_second == 70);
    at.tell({{"eth0", told(10)}, {"tun0", told(8)}});
    CHECK(at.passed("tun0") == counted(8));
    at.restart_controller();
    at.tell({{"eth0", told(10)}, {"tun0", told(8)}, {"tun1", told(2)}});
    CHECK(at.passed("tun1") == counted(2));
    at.tell({{"eth1", told(3)}}, "boot-2");
    CHECK(at.passed("eth1") == counted(3));
}

TEST_CASE("of the interfaces that have gone there are so many kept, and the one gone longest goes first") {
    host at;
    json all = json::object();
    for (int i = 0; i < 256; ++i)
        all[numbered(i)] = told(1);
    at.tell(all);
    all.erase("if0200");
    at.tell(all);
    all.erase("if0100");
    at.tell(all);
    CHECK(at.of.interfaces().size() == 256);
    all["zz0"] = told(4);
    at.tell(all);
    CHECK(at.of.interfaces().size() == 256);
    CHECK_FALSE(at.of.interfaces().contains("if0200"));
    CHECK(at.of.interfaces().contains("if0100"));
    CHECK(at.passed("zz0") == counted(4));
    // From now on one that is not known may be one that was forgotten: what it counted before may be counted already.
    all["if0200"] = told(9);
    at.restart_controller();
    at.tell(all);
    CHECK(at.passed("if0200") == counted(0));
    CHECK_FALSE(at.of.interfaces().contains("if0100"));
    all["if0200"] = told(11);
    at.tell(all);
    CHECK(at.passed("if0200") == counted(2));
}

TEST_CASE("more interfaces than there is room for are left out, and the next boot knows all again") {
    host at;
    json all = json::object();
    for (int i = 0; i < 300; ++i)
        all[numbered(i)] = told(5);
    at.tell(all);
    CHECK(at.of.interfaces().size() == 256);
    CHECK_FALSE(at.of.interfaces().contains("if0256"));
    all.erase("if0000");
    at.tell(all);
    CHECK(at.of.interfaces().size() == 256);
    CHECK(at.passed("if0256") == counted(0)); // it was there before it was counted
    at.tell({{"if0299", told(6)}}, "boot-2");
    CHECK(at.passed("if0299") == counted(6));
    CHECK(at.of.interfaces().size() == 256);
}

TEST_CASE("a record with bytes alone goes on with them, and the other counters begin with the next heartbeat") {
    const auto former = *base::parse_json(
        R"({"boot":"boot-1","interfaces":{"eth0":{"rx":1000,"tx":2000,"rx_sum":700,"tx_sum":1400}}})");
    host at;
    at.of = traffic::from_record(former);
    CHECK(at.passed("eth0") == interface_counters{700, 0, 0, 0, 1400, 0, 0, 0});
    CHECK(at.shown("eth0").present);
    at.restart_controller(); // before a heartbeat came: still bytes alone
    at.tell({{"eth0", told(11)}});
    CHECK(at.passed("eth0") == interface_counters{800, 0, 0, 0, 1600, 0, 0, 0});
    at.tell({{"eth0", told(12)}});
    CHECK(at.passed("eth0") == interface_counters{900, 10, 3, 2, 1800, 20, 5, 4});
    at.of = traffic::from_record(former);
    at.tell({{"eth0", told(1)}}, "boot-2"); // all that the kernel counts is of this boot
    CHECK(at.passed("eth0") == interface_counters{800, 10, 3, 2, 1600, 20, 5, 4});
}
