#include "fleet/fleet_metrics.hpp"

#include <catch2/catch.hpp>

using namespace ferrule;

namespace {

struct book final : fleet::agent_directory {
    [[nodiscard]] std::vector<fleet::agent_ptr> list() const override {
        std::vector<fleet::agent_ptr> out;
        for (const auto& [name, each] : all)
            out.push_back(each);
        return out;
    }

    [[nodiscard]] fleet::agent_ptr find(const std::string& name) const override {
        const auto at = all.find(name);
        return at == all.end() ? nullptr : at->second;
    }

    void add(const std::string& name, std::uint64_t missed = 0, std::uint64_t lost = 0) {
        model::agent made;
        made.name = name;
        made.ticks_missed = missed;
        made.results_lost = lost;
        all[name] = std::make_shared<const model::agent>(std::move(made));
    }

    std::map<std::string, fleet::agent_ptr> all;
};

std::vector<std::string> with_series(const prometheus::Registry& in) {
    std::vector<std::string> out;
    for (const auto& family : in.Collect())
        if (family.name == "ferrule_agent_up")
            for (const auto& each : family.metric)
                out.push_back(each.label.front().value);
    std::sort(out.begin(), out.end());
    return out;
}

double value_of(const prometheus::Registry& in, const std::string& name, const std::string& agent = {}) {
    for (const auto& family : in.Collect())
        if (family.name == name)
            for (const auto& each : family.metric)
                if (agent.empty() ? each.label.empty() : each.label.size() == 1 && each.label[0].value == agent)
                    return each.gauge.value;
    return -1;
}

double left_out(const prometheus::Registry& in) {
    for (const auto& family : in.Collect())
        if (family.name == "ferrule_agent_series_left_out")
            return family.metric.front().gauge.value;
    return -1;
}

} // namespace

TEST_CASE("an agent that has series keeps them, whatever the names of those that join later") {
    using names = std::vector<std::string>;
    prometheus::Registry figures;
    book agents;
    fleet::fleet_metrics shown(figures, agents, base::system_clock(), 2);
    agents.add("m");
    agents.add("z");
    shown.refresh();
    CHECK(with_series(figures) == names{"m", "z"});
    agents.add("a");
    shown.refresh();
    CHECK(with_series(figures) == names{"m", "z"});
    CHECK(left_out(figures) == 1);
    agents.all.erase("z");
    shown.refresh();
    CHECK(with_series(figures) == names{"a", "m"});
    CHECK(left_out(figures) == 0);
}

TEST_CASE("what agents' checks have missed and lost is told of each and of all") {
    prometheus::Registry figures;
    book agents;
    fleet::fleet_metrics shown(figures, agents, base::system_clock(), 2);
    agents.add("a", 3, 1);
    agents.add("b", 4, 0);
    agents.add("c", 5, 2); // has no series of its own
    shown.refresh();
    CHECK(value_of(figures, "ferrule_agents_check_ticks_missed") == 12);
    CHECK(value_of(figures, "ferrule_agents_check_results_lost") == 3);
    CHECK(value_of(figures, "ferrule_agent_check_ticks_missed", "b") == 4);
    CHECK(value_of(figures, "ferrule_agent_check_results_lost", "a") == 1);
    CHECK(value_of(figures, "ferrule_agent_check_ticks_missed", "c") == -1);
    agents.all.erase("a");
    shown.refresh();
    CHECK(value_of(figures, "ferrule_agent_check_ticks_missed", "a") == -1);
    CHECK(value_of(figures, "ferrule_agent_check_ticks_missed", "c") == 5);
}
