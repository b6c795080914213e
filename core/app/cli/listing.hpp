// Listings of the API as tables.
#pragma once

#include <string>
#include <vector>

#include "app/cli/api_client.hpp"

namespace ferrule::app::cli {

/// A column: its heading and the path of a member in each item, such as `session.id`.
struct column {
    std::string heading;
    std::string member;
};

/// Gets all pages of `path` up to `limit` items (0 = all) and prints them as a table, or as one JSON list. Returns the
/// exit code.
int print_listing(const server_choice& server, const std::string& path, const std::vector<column>& columns,
                  bool as_json, std::size_t limit = 0);

/// Gets or posts, and prints the answer as indented JSON.
int print_get(const server_choice& server, const std::string& path);
int print_post(const server_choice& server, const std::string& path, const base::json& body);
/// Deletes and says so.
int run_delete(const server_choice& server, const std::string& path, const std::string& said);

} // namespace ferrule::app::cli
