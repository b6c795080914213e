// Checks and samples as JSON.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/check.hpp"
#include "model/sample.hpp"

namespace ferrule::model {

/// What people write is refused with a key that is not known; what another version has written is not.
enum class unknown_keys { refused, ignored };

/// Reads the body of PUT /api/v1/checks/{name}. Strict: `invalid_request` with every fault and its path, those of
/// faults_of included. With `ignored`, members that a newer version has added are no fault, at any depth.
result<check> check_from_json(const base::json& body, unknown_keys unknown = unknown_keys::refused);
/// What check_from_json reads back to the same check, and its `origin`; settings that were left to be derived stay out.
base::json to_json(const check& shown);

base::json to_json(const maintenance_window& shown);
/// A window on its own, with a name; as strict as check_from_json.
result<maintenance_window> window_from_json(const base::json& body);

/// What a probe plugin is given for a target: the check's settings, the target's over them, and `host`, `port` or
/// `url`.
std::string probe_input(const check& of, const check_target& at);

base::json to_json(const sample& shown);
/// Reads a sample that was stored or came from another version: unknown fields are ignored, others are strict. Fails
/// with `corrupt_record`.
result<sample> sample_from_json(const base::json& record);

/// Takes over what a probe plugin completed with (see probe.h); unknown fields are ignored. Fails with
/// `invalid_result` when it is not of the form that plugins promise.
result<void> read_probe_result(const base::json& from, sample& into);

} // namespace ferrule::model
