#include "fleet/doorstep.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;
using fleet::doorstep;
using stage = fleet::visitor::stage;

namespace {

class guest final : public fleet::visitor {
  public:
    guest(std::string address, stage at, std::string name)
        : at_(at)
        , address_(std::move(address))
        , name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const noexcept override { return name_; }

    [[nodiscard]] const std::string& address() const noexcept override { return address_; }

    [[nodiscard]] stage stands() const noexcept override { return at_; }

    stage at_;

  private:
    const std::string address_;
    const std::string name_;
};

std::shared_ptr<guest> from(const std::string& address, stage at, const std::string& name = {}) {
    return std::make_shared<guest>(address, at, name);
}

} // namespace

TEST_CASE("strangers that speak and do not go make place for one that comes, those of the largest crowd first") {
    doorstep here(4);
    const auto other = from("192.0.2.9:1", stage::speaking);
    CHECK_FALSE(here.came(other));
    const auto first = from("192.0.2.1:1", stage::speaking);
    const auto second = from("192.0.2.1:2", stage::speaking);
    const auto silent = from("192.0.2.1:3", stage::silent);
    for (const auto& each : {first, second, silent})
        CHECK_FALSE(here.came(each));
    const auto joins = from("192.0.2.7:1", stage::silent);
    CHECK(here.came(joins) == silent);
    CHECK(here.came(from("[2001:db8::1]:1", stage::silent)) == first);
    CHECK(here.size() == 4);
    here.left(second);
    CHECK_FALSE(here.came(from("192.0.2.8:1", stage::silent)));
    other->at_ = stage::answered; // what it wanted to know it has been told
    CHECK(here.came(from("192.0.2.7:2", stage::silent)) == other);
}

TEST_CASE("of each certificate there is one connection that has not greeted, the newer one") {
    doorstep here(1);
    const auto older = from("192.0.2.1:1", stage::silent, "edge1");
    const auto newer = from("192.0.2.2:1", stage::silent, "edge1");
    CHECK_FALSE(here.came(older));
    CHECK_FALSE(here.came(from("192.0.2.1:2", stage::silent, "edge2")));
    CHECK_FALSE(here.came(from("192.0.2.1:3", stage::silent))); // a stranger
    CHECK(here.came(newer) == older);
    CHECK_FALSE(here.left(older)); // which has been replaced
    CHECK(here.size() == 3);
    CHECK(here.left(newer));
    CHECK(here.size() == 2);
}
