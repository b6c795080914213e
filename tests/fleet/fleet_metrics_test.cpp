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

    void add(const std::string& name) {
        model::agent made;
        made.name = name;
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
