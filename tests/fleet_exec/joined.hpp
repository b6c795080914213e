// What the tests of joined ends share.
#pragma once

#include "fleet_exec/command_rig.hpp"
#include "support/print_result.hpp"
#include "support/scratch_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace test {

inline command_rig::wishes over(const scratch_folder& scratch) {
    command_rig::wishes wanted;
    wanted.data = scratch.path();
    return wanted;
}

inline std::string code_of(const model::command_task& task) {
    return task.result.failed ? task.result.failed->code() : "";
}

inline std::size_t count(const std::vector<json>& audit, const std::string& what) {
    return static_cast<std::size_t>(
        std::count_if(audit.begin(), audit.end(), [&what](const json& each) { return each["what"] == what; }));
}

using events = std::unique_ptr<ferrule::state::subscription>;

inline events listen(command_rig& rig) {
    const ferrule::state::event_bus::filter all = [](const ferrule::state::event&) { return true; };
    return rig.bus().subscribe(rig.executor(), all);
}

/// Until the only task of a command is in a state, of which `heard` tells.
inline asio::awaitable<void> until_state(command_rig& rig, events& heard, std::string command,
                                         model::task_state wanted) {
    exec::task_query query;
    query.command = command;
    for (;;) {
        const auto page = co_await rig.center().tasks(query);
        if (page.value().items.at(0).state == wanted)
            co_return;
        const auto deadline = ferrule::base::system_clock().steady_now() + 60s;
        const auto came = co_await heard->next(deadline);
        if (came.empty())
            throw std::runtime_error("the state does not come");
    }
}

} // namespace test
