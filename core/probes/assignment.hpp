// What a node is told to measure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "model/check.hpp"

namespace ferrule::probes {

/// One check on one of its targets, to be measured by one node. It holds all that the node needs, so that the node goes
/// on when nobody tells it anything more.
struct assignment {
    std::shared_ptr<const model::check> definition;
    std::string target;         ///< As target_name gives it; one of the check's.
    std::string input;          ///< What the probe is given.
    std::uint64_t revision = 0; ///< Another one means that something about it has changed.
};

/// Assignments of all targets of a check, by name. Revisions are hashes of what a node does: the same in every process
/// and after every restart, so that a node that is told the same again changes nothing.
std::map<std::string, assignment> assignments_of(const std::shared_ptr<const model::check>& definition);

/// For the way to another node: checks once each, with the targets that are assigned.
base::json to_json(const std::vector<assignment>& shown);
/// A check that this version cannot read is left out and appended to `refused`, because an old node is to go on with
/// those that it knows. Fails with `invalid_request` when it is no list of assignments.
result<std::vector<assignment>> assignments_from_json(const base::json& told, std::vector<error>& refused);

} // namespace ferrule::probes
