// What ferrule exec was asked for.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::app::cli {

struct exec_request {
    std::vector<std::string> devices;
    std::vector<std::string> commands;
    std::string config_file;
    std::string timeout;
    std::string ttl;
    bool fifo = false;
    bool change = false;
    bool keep_going = false;
    bool raw = false;
    bool as_json = false;
    bool no_wait = false;
};

/// The body of POST /api/v1/jobs without its device; reads the configuration file, if one is named.
result<base::json> job_body(const exec_request& wanted);

/// A job's error in one line for people, or empty.
std::string error_line(const base::json& job);

} // namespace ferrule::app::cli
