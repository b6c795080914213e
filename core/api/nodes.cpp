// The processes that execute jobs.
#include "api/replies.hpp"
#include "api/resources.hpp"

#include "base/json.hpp"

namespace ferrule::api {

using base::json;

namespace {

json to_json(const model::node_info& shown) {
    return json{{"name", shown.name},   {"region", shown.region}, {"labels", shown.tags},  {"capacity", shown.capacity},
                {"count", shown.count}, {"load", shown.load},     {"online", shown.online}};
}

} // namespace

void add_nodes(endpoints& to, const services& over) {
    endpoint list;
    list.path = "/api/v1/nodes";
    list.tag = "nodes";
    list.summary = "List the nodes that can execute jobs";
    list.answers = {{200, "All nodes", "NodePage"}};
    list.run = [nodes = over.nodes](const http::request&) -> asio::awaitable<http::response> {
        json items = json::array();
        for (const auto& each : nodes())
            items.push_back(to_json(each));
        co_return page_reply(std::move(items), std::nullopt);
    };
    to.push_back(std::move(list));
}

} // namespace ferrule::api
