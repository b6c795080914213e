// Several records in one transaction, waited for.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <vector>

#include "store/store.hpp"

namespace ferrule::fleet {

namespace asio = boost::asio;

/// Resumes on the caller's executor once all of it is durable, or nothing is.
asio::awaitable<result<void>> write_all(store::store& into, std::vector<store::record> all);

} // namespace ferrule::fleet
