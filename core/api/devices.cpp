// The inventory's devices.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "devices/device_tester.hpp"
#include "devices/inventory.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::api {

using namespace std::chrono_literals;
using base::json;
using http::request;
using http::response;

namespace {

constexpr base::duration test_limit = 30s;
constexpr base::duration most_test_limit = 5min;

class device_routes {
  public:
    explicit device_routes(const services& over)
        : inventory_(over.inventory)
        , tester_(over.tester) {}

    asio::awaitable<response> list(const request& asked);
    asio::awaitable<response> show(const request& asked);
    asio::awaitable<response> make(const request& asked);
    asio::awaitable<response> put(const request& asked);
    asio::awaitable<response> remove(const request& asked);
    asio::awaitable<response> test(const request& asked);

  private:
    [[nodiscard]] error unknown(std::string_view name) const;
    asio::awaitable<response> store(const request& asked, model::device entry);

    devices::inventory& inventory_;
    devices::device_tester& tester_;
};

error device_routes::unknown(std::string_view name) const {
    const auto near = inventory_.nearest_device(name);
    return error("device_not_found", "there is no device \"" + shown(name) + "\"" +
                                         (near.empty() ? std::string() : "; did you mean \"" + near + "\"?"));
}

asio::awaitable<response> device_routes::list(const request& asked) {
    parameter_reader parameters(asked);
    const auto limit = parameters.limit();
    const auto cursor = parameters.text("cursor").value_or("");
    const auto labels = parameters.labels("label");
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto page = inventory_.devices(cursor, limit, labels);
    json items = json::array();
    for (const auto& each : page.items)
        items.push_back(model::to_json(*each));
    co_return page_reply(std::move(items), page.next);
}

asio::awaitable<response> device_routes::show(const request& asked) {
    const auto& name = asked.param("name");
    const auto found = inventory_.find_device(name);
    if (!found)
        co_return problem_reply(asked, unknown(name));
    co_return json_reply(200, model::to_json(*found));
}

asio::awaitable<response> device_routes::make(const request& asked) {
    const auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    auto entry = model::device_from_json(*body);
    if (!entry)
        co_return problem_reply(asked, entry.error());
    if (inventory_.find_device(entry->name))
        co_return problem_reply(asked,
                                error("name_taken", "there is already a device \"" + entry->name +
                                                        "\"; PUT /api/v1/devices/" + entry->name + " replaces it"));
    co_return co_await store(asked, std::move(*entry));
}

asio::awaitable<response> device_routes::put(const request& asked) {
    const auto& name = asked.param("name");
    auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    if (body->is_object()) {
        body->erase("origin"); // so that what GET shows can be sent back
        if (!body->contains("name"))
            (*body)["name"] = name;
    }
    auto entry = model::device_from_json(*body);
    if (!entry)
        co_return problem_reply(asked, entry.error());
    if (entry->name != name)
        co_return problem_reply(asked, error("invalid_request", "name: differs from the name in the path"));
    co_return co_await store(asked, std::move(*entry));
}

asio::awaitable<response> device_routes::store(const request& asked, model::device entry) {
    const auto name = entry.name;
    const auto made = co_await inventory_.put(std::move(entry));
    if (!made)
        co_return problem_reply(asked, made.error());
    const auto now = inventory_.find_device(name);
    if (!now) // removed by someone else in the meantime
        co_return problem_reply(asked, unknown(name));
    auto reply = json_reply(*made ? 201 : 200, model::to_json(*now));
    if (*made)
        reply.add("Location", "/api/v1/devices/" + name);
    co_return reply;
}

asio::awaitable<response> device_routes::remove(const request& asked) {
    const auto& name = asked.param("name");
    if (!inventory_.find_device(name))
        co_return problem_reply(asked, unknown(name));
    const auto done = co_await inventory_.remove_device(name);
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return response(204);
}

asio::awaitable<response> device_routes::test(const request& asked) {
    const auto& name = asked.param("name");
    parameter_reader parameters(asked);
    const auto limit = parameters.time_span("timeout", most_test_limit).value_or(test_limit);
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    if (!inventory_.find_device(name))
        co_return problem_reply(asked, unknown(name));
    const auto outcome = co_await tester_.test(name, limit);
    if (!outcome)
        co_return problem_reply(asked, outcome.error());
    co_return json_reply(200, *outcome);
}

} // namespace

void add_devices(endpoints& to, const services& over) {
    const auto routes = std::make_shared<device_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    const std::string all = "/api/v1/devices";
    const std::string one = "/api/v1/devices/{name}";

    auto list = describe("devices", http::method::get, all, http::access::viewer, "List devices by name");
    list.query = {{"label", "Only devices with this label, as `key=value`", R"({"type":"string"})", true},
                  limit_parameter(),
                  cursor_parameter()};
    list.answers = {{200, "One page", "DevicePage"}};
    add(std::move(list), bind(routes, &device_routes::list));

    auto make = describe("devices", http::method::post, all, http::access::admin, "Add a device");
    make.body = "Device";
    make.answers = {{201, "It was added", "Device"}};
    make.problems = {409, 413, 415, 422};
    add(std::move(make), bind(routes, &device_routes::make));

    auto show = describe("devices", http::method::get, one, http::access::viewer, "Show a device");
    show.answers = {{200, "The device", "Device"}};
    show.problems = {404};
    add(std::move(show), bind(routes, &device_routes::show));

    auto put = describe("devices", http::method::put, one, http::access::admin, "Add or replace a device");
    put.body = "Device";
    put.answers = {{200, "It was replaced", "Device"}, {201, "It was added", "Device"}};
    put.problems = {409, 413, 415, 422};
    add(std::move(put), bind(routes, &device_routes::put));

    auto remove = describe("devices", http::method::delete_, one, http::access::admin, "Remove a device");
    remove.answers = {{204, "It is gone", ""}};
    remove.problems = {404, 409};
    add(std::move(remove), bind(routes, &device_routes::remove));

    auto test = describe("devices", http::method::post, one + "/test", http::access::operator_,
                         "Log in to a device and out again; a device that cannot be reached is an answer as well");
    test.query = {{"timeout", "The longest that it may take, `30s` if not given; at most 5m",
                   R"({"type":"string","examples":["10s"]})"}};
    test.answers = {{200, "How far it went", "DeviceTest"}};
    test.problems = {404, 409, 503};
    add(std::move(test), bind(routes, &device_routes::test));
}

} // namespace ferrule::api
