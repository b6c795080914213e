#include "fleet/exec/command_metrics.hpp"

namespace ferrule::fleet::exec {

namespace {

constexpr const char* other = "other";
// Those of the envelope: what does not become a task of the agent.
constexpr std::array codes{"bad_envelope", "unsupported_version", "unknown_key", "altered", "wrong_target", "replayed",
                           other};

} // namespace

command_metrics::command_metrics(prometheus::Registry& in)
    : accepted_(prometheus::BuildCounter()
                    .Name("ferrule_command_tasks_accepted_total")
                    .Help("Shares of commands, one for each agent, that were made durable")
                    .Register(in)
                    .Add({}))
    , sent_(prometheus::BuildCounter()
                .Name("ferrule_command_orders_sent_total")
                .Help("Orders that were sent to agents, also again")
                .Register(in)
                .Add({}))
    , unfinished_(prometheus::BuildGauge()
                      .Name("ferrule_command_tasks_unfinished")
                      .Help("Shares of commands that wait, are on their way or run")
                      .Register(in)
                      .Add({})) {
    auto& tasks = prometheus::BuildCounter()
                      .Name("ferrule_command_tasks_finished_total")
                      .Help("Shares of commands by how they ended")
                      .Register(in);
    for (std::size_t i = 0; i < ended_.size(); ++i)
        if (model::is_final(static_cast<model::task_state>(i)))
            ended_[i] = &tasks.Add({{"state", std::string(model::task_state_texts[i])}});
    auto& refusals = prometheus::BuildCounter()
                         .Name("ferrule_command_orders_refused_total")
                         .Help("Orders that agents refused for what they are: tampered with, or with a key or version "
                               "they do not know")
                         .Register(in);
    for (const auto* each : codes)
        refused_[each] = &refusals.Add({{"code", each}});
}

void command_metrics::accepted(std::size_t tasks) {
    accepted_.Increment(static_cast<double>(tasks));
}

void command_metrics::unfinished(std::size_t tasks) {
    unfinished_.Set(static_cast<double>(tasks));
}

void command_metrics::sent(std::size_t orders) {
    sent_.Increment(static_cast<double>(orders));
}

void command_metrics::ended(model::task_state how) {
    if (auto* const at = ended_[static_cast<std::size_t>(how)])
        at->Increment();
}

void command_metrics::refused(std::string_view code) {
    const auto at = refused_.find(code);
    (at == refused_.end() ? refused_.find(other) : at)->second->Increment();
}

} // namespace ferrule::fleet::exec
