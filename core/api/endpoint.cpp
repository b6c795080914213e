#include "api/endpoint.hpp"

#include <utility>

namespace ferrule::api {

endpoint describe(std::string tag, http::method verb, std::string path, http::access needs, std::string summary) {
    endpoint made;
    made.verb = verb;
    made.path = std::move(path);
    made.needs = needs;
    made.tag = std::move(tag);
    made.summary = std::move(summary);
    return made;
}

} // namespace ferrule::api
