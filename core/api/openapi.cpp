#include "api/openapi.hpp"

#include "api/schemas.hpp"
#include "base/strings.hpp"

#include <boost/beast/http/status.hpp>

#include <stdexcept>

namespace ferrule::api {

using base::json;

namespace {

json reference(const json& known, const std::string& schema) {
    if (!known.contains(schema))
        throw std::logic_error("the schema " + schema + " is not defined");
    return json{{"$ref", "#/components/schemas/" + schema}};
}

std::string phrase(unsigned status) {
    const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return std::string(text.data(), text.size());
}

json path_parameters(const std::string& path) {
    json list = json::array();
    for (const auto part : base::split(path, '/'))
        if (part.size() > 2 && part.front() == '{')
            list.push_back({{"name", part.substr(1, part.size() - 2)},
                            {"in", "path"},
                            {"required", true},
                            {"schema", {{"type", "string"}}}});
    return list;
}

json described(const parameter& given, const char* in) {
    json shown{{"name", given.name}, {"in", in}, {"description", given.description}};
    auto schema = json::parse(given.schema);
    if (given.repeats) {
        shown["schema"] = json{{"type", "array"}, {"items", std::move(schema)}};
        shown["explode"] = true;
    } else {
        shown["schema"] = std::move(schema);
    }
    return shown;
}

const char* role_text(http::access needed) {
    switch (needed) {
    case http::access::anonymous:
        return "Needs no token.";
    case http::access::viewer:
        return "Needs the role viewer.";
    case http::access::operator_:
        return "Needs the role operator.";
    case http::access::admin:
        break;
    }
    return "Needs the role admin.";
}

json responses(const endpoint& of, const json& known) {
    json all = json::object();
    for (const auto& each : of.answers) {
        json shown{{"description", each.description}};
        if (!each.schema.empty())
            shown["content"][each.content_type]["schema"] = reference(known, each.schema);
        all[std::to_string(each.status)] = std::move(shown);
    }
    std::vector<unsigned> problems{400, 429, 500};
    if (of.needs != http::access::anonymous)
        problems.insert(problems.end(), {401U, 403U});
    problems.insert(problems.end(), of.problems.begin(), of.problems.end());
    for (const auto status : problems) {
        json shown{{"description", phrase(status)}};
        shown["content"]["application/problem+json"]["schema"] = reference(known, "Problem");
        all[std::to_string(status)] = std::move(shown);
    }
    return all;
}

// `GET /api/v1/jobs/{id}/stream` → `get_jobs_id_stream`.
std::string operation_id(const std::string& verb, const std::string& path) {
    std::string id = verb;
    for (const auto part : base::split(path, '/')) {
        if (part.empty() || part == "api" || part == "v1")
            continue;
        id += '_';
        for (const char c : part)
            if (c != '{' && c != '}')
                id += c == '.' ? '_' : c;
    }
    return id;
}

json operation(const endpoint& of, const std::string& verb, const json& known) {
    json shown{{"operationId", operation_id(verb, of.path)},
               {"tags", json::array({of.tag})},
               {"summary", of.summary},
               {"description", role_text(of.needs)},
               {"responses", responses(of, known)}};
    auto parameters = path_parameters(of.path);
    for (const auto& each : of.query)
        parameters.push_back(described(each, "query"));
    for (const auto& each : of.headers)
        parameters.push_back(described(each, "header"));
    if (!parameters.empty())
        shown["parameters"] = std::move(parameters);
    if (!of.body.empty()) {
        shown["requestBody"]["required"] = true;
        shown["requestBody"]["content"]["application/json"]["schema"] = reference(known, of.body);
    }
    if (of.needs == http::access::anonymous)
        shown["security"] = json::array();
    return shown;
}

} // namespace

json make_openapi(const std::vector<endpoint>& all) {
    json document{{"openapi", "3.1.0"},
                  {"info",
                   {{"title", "Ferrule"},
                    {"version", "v1"},
                    {"description", "Runs commands on network devices, measures networks and runs commands across a "
                                    "fleet. Errors are application/problem+json with a stable `code`; lists page by "
                                    "cursor; durations are texts with units."},
                    {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
                  {"servers", json::array({json{{"url", "/"}}})},
                  {"security", json::array({json{{"bearer", json::array()}}})}};
    auto known = schemas();
    json paths = json::object();
    for (const auto& each : all) {
        const auto name = boost::beast::http::to_string(each.verb);
        const auto verb = base::to_lower({name.data(), name.size()});
        paths[each.path][verb] = operation(each, verb, known);
    }
    document["paths"] = std::move(paths);
    document["components"]["schemas"] = std::move(known);
    document["components"]["securitySchemes"]["bearer"] = json{{"type", "http"}, {"scheme", "bearer"}};
    return document;
}

} // namespace ferrule::api
