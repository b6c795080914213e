// A way in for the first user.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <filesystem>

#include "base/error.hpp"
#include "devices/tokens.hpp"

namespace ferrule::app {

namespace asio = boost::asio;

/// When there is no token at all: makes one with the role admin, writes it to `<data_dir>/admin.token` (mode 0600) and
/// logs the place, never the token.
asio::awaitable<result<void>> make_first_token(devices::tokens& known, std::filesystem::path data_dir);

} // namespace ferrule::app
