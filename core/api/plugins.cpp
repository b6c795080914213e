// The plugins that this process can use.
#include "api/replies.hpp"
#include "api/resources.hpp"

namespace ferrule::api {

using http::request;
using http::response;

namespace {

class plugin_routes {
  public:
    explicit plugin_routes(const services& over)
        : plugins_(over.plugins) {}

    asio::awaitable<response> list(const request& asked) {
        auto all = co_await plugins_.list();
        if (!all)
            co_return problem_reply(asked, all.error());
        co_return page_reply(std::move(*all), std::nullopt);
    }

    asio::awaitable<response> show(const request& asked) {
        auto kind = asked.param("kind");
        auto name = asked.param("name");
        const auto one = co_await plugins_.describe(std::move(kind), std::move(name));
        if (!one)
            co_return problem_reply(asked, one.error());
        co_return json_reply(200, *one);
    }

  private:
    plugin_listing& plugins_;
};

} // namespace

void add_plugins(endpoints& to, const services& over) {
    const auto routes = std::make_shared<plugin_routes>(over);
    endpoint list;
    list.path = "/api/v1/plugins";
    list.tag = "plugins";
    list.summary = "List the plugins that are known, loaded or not";
    list.answers = {{200, "All plugins", "PluginPage"}};
    list.run = bind(routes, &plugin_routes::list);
    to.push_back(std::move(list));

    endpoint show;
    show.path = "/api/v1/plugins/{kind}/{name}";
    show.tag = "plugins";
    show.summary = "Show one component with the schema of its settings";
    show.answers = {{200, "The component", "Plugin"}};
    show.problems = {404};
    show.run = bind(routes, &plugin_routes::show);
    to.push_back(std::move(show));
}

} // namespace ferrule::api
