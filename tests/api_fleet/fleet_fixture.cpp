#include "api_fleet/fleet_fixture.hpp"

#include "fleet/link_rig.hpp"
#include "fleet_exec/command_rig.hpp"

#include "fleet/controller_fleet.hpp"
#include "fleet/exec/command_agent.hpp"
#include "fleet/exec/command_center.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <map>
#include <optional>
#include <stdexcept>

namespace ferrule::api_test {

using namespace std::chrono_literals;
namespace exec = fleet::exec;

namespace {

template <class T>
T on_loop(fixture& of, asio::awaitable<T> what) {
    return asio::co_spawn(of.loop.context(), std::move(what), asio::use_future).get();
}

std::vector<store::collection> controller_collections() {
    auto all = fleet::controller_fleet::collections();
    for (auto& each : exec::command_records::collections())
        all.push_back(std::move(each));
    return all;
}

config::exec_settings allowances() {
    config::exec_settings out;
    out.enabled = true;
    out.shell = true;
    out.environment = {"SECRET"};
    auto& echo = out.allow.emplace_back();
    echo.program = "/bin/echo";
    echo.more_args = ".*";
    return out;
}

} // namespace

// The fixture comes last, and its loop is ended before anything else goes.
class fleet_fixture::parts {
  public:
    explicit parts(bool operators)
        : on({}, [this, operators](fixture& over, api::services& into) { make(over, into, operators); }) {}

    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;
    ~parts();

    void join(const std::string& name);
    void leave(const std::string& name);

  private:
    struct member {
        std::unique_ptr<test::agent> end;
        std::unique_ptr<store::open_store> records;
        std::shared_ptr<exec::command_agent> service;
    };

    void make(fixture& over, api::services& into, bool operators);

    test::machine hosts_{1};
    runtime::blocking_pool pool_{2};
    std::unique_ptr<store::open_store> records_;
    std::optional<fleet::controller_fleet> fleet_;
    std::shared_ptr<exec::command_center> center_;
    std::map<std::string, member> members_;

  public:
    fixture on;
};

void fleet_fixture::parts::make(fixture& over, api::services& into, bool operators) {
    const auto folder = over.folder() / "fleet";
    fleet::pki::authority::init(folder, base::system_clock().wall_now()).value();
    records_ = std::make_unique<store::open_store>(
        test::open_database(over.folder() / "fleet.db", "normal", controller_collections()), over.loop, pool_);
    config::fleet_settings wanted;
    wanted.listen = {"127.0.0.1:0"};
    fleet_.emplace(over.loop, *records_, over.bus, base::system_clock(), wanted, folder, "local", "1.2.3");
    on_loop(over, fleet_->open()).value();
    auto key = exec::signing_key::make();
    fleet_->tell_command_key(key.shown().text());
    exec::center_parts with{over.loop.get_executor(),
                            *fleet_->link(),
                            fleet_->agents(),
                            *records_,
                            over.bus,
                            std::move(key),
                            config::commands_settings(),
                            config::retention_settings(),
                            base::system_clock()};
    center_ = std::make_shared<exec::command_center>(std::move(with));
    center_->listen();
    on_loop(over, center_->start()).value();
    fleet_->start().value();
    into.agents = &*fleet_;
    into.commands = center_.get();
    into.operators_may_command = operators;
}

fleet_fixture::parts::~parts() {
    for (auto& [name, each] : members_) {
        if (each.service)
            hosts_.wait(each.service->stop(10s));
        if (each.end)
            each.end->stop();
        if (each.records)
            hosts_.wait(each.records->stop());
    }
    on.stop_server();
    on_loop(on, fleet_->stop(5s));
    center_->stop();
    on_loop(on, records_->stop());
    on.stop_loop();
    hosts_.loop.stop(); // what the members still have on it refers to them
    hosts_.loop.join();
    members_.clear();
    center_.reset();
    fleet_.reset();
    records_.reset();
    pool_.stop();
}

void fleet_fixture::parts::join(const std::string& name) {
    const json wish{{"labels", {{"group", "lab"}, {"name", name}}}};
    const auto made = on.ask("admin", "POST /api/v1/join-tokens", wish.dump());
    if (made.status != 201)
        throw std::runtime_error("no join token: " + made.body);
    auto& its = members_[name];
    const std::vector<std::string> at{fleet_->link()->addresses().front()};
    base::secret token(json::parse(made.body)["token"].get<std::string>());
    its.end = std::make_unique<test::agent>(hosts_, name, at, std::move(token));
    its.records = std::make_unique<store::open_store>(
        test::open_database(on.folder() / (name + ".db"), "full", exec::ledger::collections()), hosts_.loop,
        hosts_.pool);
    const auto limits = allowances();
    exec::verifier::rules rules;
    rules.self = name;
    rules.skew = limits.clock_skew;
    rules.max_lifetime = limits.max_lifetime;
    exec::agent_parts with{hosts_.loop.get_executor(),
                           *its.end->link,
                           *its.records,
                           hosts_.pool,
                           exec::policy::make(limits, "agent.yaml").value(),
                           exec::verifier(exec::trusted_keys::make({center_->key().text()}).value(), rules),
                           limits,
                           base::system_clock()};
    its.service = std::make_shared<exec::command_agent>(std::move(with));
    its.service->listen();
    hosts_.wait(its.service->start()).value();
    its.end->start();
    if (!its.end->heard.wait("connected local"))
        throw std::runtime_error(name + " does not connect");
}

void fleet_fixture::parts::leave(const std::string& name) {
    auto& its = members_.at(name);
    auto events = on.follow("/api/v1/events?topics=agent");
    events.read_until("event: hello");
    hosts_.wait(its.service->stop(10s));
    its.service.reset();
    its.end->stop();
    events.read_until("\"state\":\"offline\"");
}

fleet_fixture::fleet_fixture(bool operators)
    : parts_(std::make_unique<parts>(operators))
    , on(parts_->on) {}

fleet_fixture::~fleet_fixture() = default;

void fleet_fixture::join(const std::string& name) {
    parts_->join(name);
}

void fleet_fixture::leave(const std::string& name) {
    parts_->leave(name);
}

json fleet_fixture::run(const json& body) {
    const auto made = on.ask("admin", "POST /api/v1/commands?wait=30s", body.dump());
    if (made.status != 200)
        throw std::runtime_error("the command does not end: " + made.body);
    return json::parse(made.body);
}

} // namespace ferrule::api_test
