#include "devices/platform_book.hpp"

#include "base/strings.hpp"

#include <vector>

namespace ferrule::devices {

platform_book::platform_book(const std::map<std::string, config::platform>& known) {
    for (const auto& [name, each] : known)
        texts_.emplace(name, std::make_shared<const std::string>(each.definition));
}

result<std::shared_ptr<const std::string>> platform_book::find(const std::string& name) const {
    if (const auto at = texts_.find(name); at != texts_.end())
        return at->second;
    std::vector<std::string> names;
    names.reserve(texts_.size());
    for (const auto& [known, text] : texts_)
        names.push_back(known);
    const auto near = base::nearest(name, names);
    return error("platform_not_found", "there is no platform \"" + name + "\"" +
                                           (near.empty() ? "; known are " + base::join(names, ", ")
                                                         : "; did you mean \"" + std::string(near) + "\"?"));
}

} // namespace ferrule::devices
