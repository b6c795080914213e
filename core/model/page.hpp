// One page of a listing.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ferrule::model {

/// Items and, when there are more, the cursor that continues after the last of them.
template <class T>
struct page {
    std::vector<T> items;
    std::optional<std::string> next;
};

} // namespace ferrule::model
