// What ferrule exec was asked for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/cli/api_client.hpp"
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

/// The body of POST /api/v1/jobs without its device; reads the configuration file, if one is named. Fails with
/// `config_file`, or `not_utf8` for text that would reach the device as something else.
result<base::json> job_body(const exec_request& wanted);

/// Submits it under an Idempotency-Key of its own, so that a connection that breaks in between cannot run it twice.
result<base::json> submit(api_client& client, const base::json& body);

bool is_over(const base::json& job);
/// Waits for the job's end, handing each event of its stream to `each`; gives the job. Fails as the client does.
result<base::json> wait_for_end(api_client& client, const std::string& id,
                                const std::function<void(const stream_event&)>& each);

/// On Ctrl-C the process says which jobs go on, and how to end them, and exits as interrupted.
void say_when_interrupted(const std::vector<std::string>& ids);
/// As above in words of one's own.
void say_last_words(std::string words);

/// A job's error in one line for people, or empty.
std::string error_line(const base::json& job);

} // namespace ferrule::app::cli
