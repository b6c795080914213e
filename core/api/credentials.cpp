// Logins by name; what is secret goes in and never comes out.
#include "api/common_parameters.hpp"
#include "api/parameters.hpp"
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "devices/inventory.hpp"
#include "model/inventory_json.hpp"

namespace ferrule::api {

using base::json;
using http::request;
using http::response;

namespace {

class credential_routes {
  public:
    explicit credential_routes(const services& over)
        : inventory_(over.inventory) {}

    asio::awaitable<response> list(const request& asked);
    asio::awaitable<response> show(const request& asked);
    asio::awaitable<response> make(const request& asked);
    asio::awaitable<response> put(const request& asked);
    asio::awaitable<response> remove(const request& asked);

  private:
    asio::awaitable<response> store(const request& asked, model::credential entry);

    devices::inventory& inventory_;
};

error unknown(std::string_view name) {
    return error("credential_not_found", "there is no credential \"" + shown(name) + "\"");
}

// In a job the name of an unknown credential is a fault of the body, here it is the address that does not exist.
response not_found(const request& asked, const error& what) {
    return problem_reply(asked, 404, what);
}

asio::awaitable<response> credential_routes::list(const request& asked) {
    parameter_reader parameters(asked);
    const auto limit = parameters.limit();
    const auto cursor = parameters.text("cursor").value_or("");
    if (parameters.fault())
        co_return problem_reply(asked, *parameters.fault());
    const auto page = inventory_.credentials(cursor, limit);
    json items = json::array();
    for (const auto& each : page.items)
        items.push_back(model::to_json(*each));
    co_return page_reply(std::move(items), page.next);
}

asio::awaitable<response> credential_routes::show(const request& asked) {
    const auto& name = asked.param("name");
    const auto found = inventory_.find_credential(name);
    if (!found)
        co_return not_found(asked, unknown(name));
    co_return json_reply(200, model::to_json(*found));
}

asio::awaitable<response> credential_routes::make(const request& asked) {
    const auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    auto entry = model::credential_from_json(*body);
    if (!entry)
        co_return problem_reply(asked, entry.error());
    if (inventory_.find_credential(entry->name))
        co_return problem_reply(asked,
                                error("name_taken", "there is already a credential \"" + entry->name +
                                                        "\"; PUT /api/v1/credentials/" + entry->name + " replaces it"));
    co_return co_await store(asked, std::move(*entry));
}

asio::awaitable<response> credential_routes::put(const request& asked) {
    const auto& name = asked.param("name");
    auto body = read_body(asked);
    if (!body)
        co_return problem_reply(asked, body.error());
    if (body->is_object() && !body->contains("name"))
        (*body)["name"] = name;
    auto entry = model::credential_from_json(*body);
    if (!entry)
        co_return problem_reply(asked, entry.error());
    if (entry->name != name)
        co_return problem_reply(asked, error("invalid_request", "name: differs from the name in the path"));
    co_return co_await store(asked, std::move(*entry));
}

asio::awaitable<response> credential_routes::store(const request& asked, model::credential entry) {
    const auto name = entry.name;
    const auto made = co_await inventory_.put(std::move(entry));
    if (!made)
        co_return problem_reply(asked, made.error());
    const auto now = inventory_.find_credential(name);
    if (!now) // removed by someone else in the meantime
        co_return not_found(asked, unknown(name));
    auto reply = json_reply(*made ? 201 : 200, model::to_json(*now));
    if (*made)
        reply.add("Location", "/api/v1/credentials/" + name);
    co_return reply;
}

asio::awaitable<response> credential_routes::remove(const request& asked) {
    const auto& name = asked.param("name");
    if (!inventory_.find_credential(name))
        co_return not_found(asked, unknown(name));
    const auto done = co_await inventory_.remove_credential(name);
    if (!done)
        co_return problem_reply(asked, done.error());
    co_return response(204);
}

} // namespace

void add_credentials(endpoints& to, const services& over) {
    const auto routes = std::make_shared<credential_routes>(over);
    const auto add = [&to](endpoint made, http::handler run) {
        made.run = std::move(run);
        to.push_back(std::move(made));
    };
    const std::string all = "/api/v1/credentials";
    const std::string one = "/api/v1/credentials/{name}";

    auto list = describe("credentials", http::method::get, all, http::access::viewer,
                         "List credentials, without their secrets");
    list.query = {limit_parameter(), cursor_parameter()};
    list.answers = {{200, "One page", "CredentialPage"}};
    add(std::move(list), bind(routes, &credential_routes::list));

    auto make = describe("credentials", http::method::post, all, http::access::admin, "Add a credential");
    make.body = "CredentialRequest";
    make.answers = {{201, "It was added", "Credential"}};
    make.problems = {409, 413, 415};
    add(std::move(make), bind(routes, &credential_routes::make));

    auto show = describe("credentials", http::method::get, one, http::access::viewer,
                         "Show which parts of a credential are set");
    show.answers = {{200, "The credential without its secrets", "Credential"}};
    show.problems = {404};
    add(std::move(show), bind(routes, &credential_routes::show));

    auto put = describe("credentials", http::method::put, one, http::access::admin, "Add or replace a credential");
    put.body = "CredentialRequest";
    put.answers = {{200, "It was replaced", "Credential"}, {201, "It was added", "Credential"}};
    put.problems = {409, 413, 415};
    add(std::move(put), bind(routes, &credential_routes::put));

    auto remove = describe("credentials", http::method::delete_, one, http::access::admin, "Remove a credential");
    remove.answers = {{204, "It is gone", ""}};
    remove.problems = {404, 409};
    add(std::move(remove), bind(routes, &credential_routes::remove));
}

} // namespace ferrule::api
