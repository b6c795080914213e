// Jobs as JSON: the request that clients send, the job that they see, and the record that is stored.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/job.hpp"

namespace ferrule::model {

/// Reads the body of POST /api/v1/jobs. Strict: fails with `invalid_request` that names every faulty path (details
/// {"problems":[{"path","message"}]}).
result<job_request> job_request_from_json(const base::json& body);

/// The job as clients see it, with all fields of the public shape; secrets of an inline target and replies of prompts
/// never appear. `with_results` off for listings.
std::string to_json_text(const job& shown, bool with_results = true);
std::string to_json_text(const command_result& shown);
/// The same as a value, for those who build on it.
base::json to_json(const job& shown, bool with_results = true);
base::json to_json(const command_result& shown);

/// Reads what to_json made of a result; what is missing or of another type is as in a new one.
command_result result_from_json(const base::json& shown);

/// The request without its secrets.
std::string request_text(const job_request& request);

/// The job as it is stored: everything but the secrets, which the caller seals (see job_secrets) and gives as `sealed`.
std::string to_record_text(const job& kept, std::string_view sealed = {});
/// Reads a stored job; fails with `corrupt_record`.
result<job> job_from_record(const base::json& record);

/// The secrets of a request as JSON, null when it has none; for sealing.
base::json job_secrets(const job_request& request);
/// Puts them back after a restart.
result<void> restore_secrets(job_request& request, const base::json& secrets);

} // namespace ferrule::model
