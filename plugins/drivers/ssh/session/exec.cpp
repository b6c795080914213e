// SPDX-License-Identifier: Apache-2.0
// Running one command.
#include "ssh/session/device_session.hpp"
#include "ssh/session/output_stream.hpp"
#include "ssh/session/replies.hpp"

namespace ferrule::ssh {

sdk::task<sdk::reply> device_session::run_command(const exec_request& request, sdk::call& c) {
    if (request.mode) {
        const auto there = co_await enter_mode(*request.mode, request.idle);
        if (!there) {
            co_return there.error();
        }
    }
    auto wanted = expect(*request.command, request.prompts, request.idle);
    wanted.stream = true;
    output_stream to(c, dialog_->secrets, request.raw);
    send_line(wanted);
    prompt_reader reader(*dialog_, std::move(wanted), host().now());
    const auto done = co_await converse(reader, &to);
    if (!done) {
        co_return done.error();
    }
    switch (reader.state()) {
    case prompt_reader::outcome::prompt:
        if (to.interrupted()) {
            const sdk::error endless("output_limit",
                                     "The output went on long after its limit was reached, so the command was "
                                     "interrupted. Ask for less, or raise jobs.output_limit.");
            co_return refused_reply(endless);
        }
        co_return command_reply(*request.command, reader.exit_status(), reader.out());
    case prompt_reader::outcome::unanswered: {
        const auto problem = *reader.problem();
        co_await recover();
        if (broken_) {
            co_return sdk::error("session_lost", problem.message() + " The device did not come back to its prompt.",
                                 true);
        }
        co_return refused_reply(problem);
    }
    default:
        broken_ = true;
        co_return silence(reader.last_line(), *request.command, request.idle);
    }
}

} // namespace ferrule::ssh
