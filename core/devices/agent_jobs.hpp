// The controller's end of jobs on agents: reads what they say and passes it on.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json_fwd.hpp"
#include "devices/end_parts.hpp"
#include "devices/job_engine.hpp"

namespace ferrule::devices {

/// Connects the messages of agents with the engine. `agent` is the name that the agent proved to have. Calls may come
/// from any thread; those about one agent in the order in which things happened. Lives as long as the engine; `stop`
/// after the last message.
class agent_jobs {
  public:
    agent_jobs(job_engine& engine, agent_sender& link, runtime::io& loop, store::store& records);

    asio::awaitable<void> stop(base::duration limit);

    /// What the fleet knows of an agent that offers jobs, and how to learn the load average of its host per core
    /// (called by one thread at a time): before its messages are taken, and for those that are expected after a start.
    void known(const std::string& agent, std::string region, model::labels tags, std::function<double()> load = {});
    void disconnected(const std::string& agent);
    /// It has been away for too long, or will not come back.
    void offline(const std::string& agent);
    /// All that jobs were given to, also by a process before this one.
    [[nodiscard]] std::vector<std::string> names();

    /// A greeting, or a part of one. `whole` is called once all of it has come, before anything follows from it.
    void hello(const std::string& agent, const base::json& body, const std::function<void()>& whole = {});
    void progress(const std::string& agent, const base::json& body);
    void caught_up(const std::string& agent, const base::json& body, std::function<void()> taken);
    void end(const std::string& agent, const base::json& body, std::function<void()> taken);

  private:
    void ended(const std::string& agent, const ended_job& end, std::function<void()> taken);

    job_engine& engine_;
    agent_sender& link_;
    end_parts parts_;
    std::mutex mutex_;
    std::map<std::string, job_hello> greetings_; // by agent; those that have not come to their end
};

} // namespace ferrule::devices
