#include "app/check_parts.hpp"

#include "app/remote_checks.hpp"
#include "app/remote_probes.hpp"
#include "devices/vault.hpp"
#include "plugins/registry.hpp"
#include "probes/blackbox/exporter.hpp"
#include "probes/check_service.hpp"
#include "probes/one_off.hpp"
#include "probes/runner.hpp"
#include "runtime/io.hpp"
#include "state/event_bus.hpp"
#include "state/metrics.hpp"

#include <optional>
#include <utility>

namespace ferrule::app {

namespace {

// The plugin's note tells its schema without running any code of it.
probes::settings_schema schemas_of(plugins::registry& from) {
    return [&from](const std::string& name) -> result<std::string> {
        if (const auto there = from.probe(name); !there)
            return there.error();
        const auto known = from.describe(name);
        if (!known)
            return known.error();
        for (const auto& each : *known)
            if (const auto* component = each.note.find(plugins::kind::probe, name); component != nullptr)
                return component->config_schema;
        return std::string();
    };
}

probes::sealing sealed_by(const devices::vault& vault) {
    probes::sealing made;
    made.seal = [&vault](std::string_view text, std::string_view purpose) { return vault.seal(text, purpose); };
    made.open = [&vault](std::string_view text, std::string_view purpose) { return vault.open_sealed(text, purpose); };
    return made;
}

probes::check_options options_of(const config::settings& settings) {
    probes::check_options made;
    made.write_every = settings.probes.write_interval;
    made.keep.samples = settings.store.retention.samples;
    made.keep.rollups = settings.store.retention.rollups;
    made.most_series = settings.probes.max_series;
    for (const auto& each : settings.probes.anchors) {
        probes::anchor_rule rule;
        rule.nodes = each.nodes;
        rule.probe = each.probe;
        rule.targets = each.targets;
        rule.settings = each.settings;
        rule.interval = each.interval;
        rule.timeout = each.timeout;
        made.anchors.push_back(std::move(rule));
    }
    return made;
}

probes::runner_options runner_options_of(const config::settings& settings) {
    probes::runner_options made;
    made.most_running = settings.probes.max_running;
    return made;
}

probes::blackbox::exporter_options exporter_options_of(const config::exporter_settings& settings) {
    probes::blackbox::exporter_options made;
    made.modules = settings.modules;
    made.most_running = settings.max_running;
    made.admins_only = settings.access == config::exporter_access::admin;
    if (settings.unsupported == config::unsupported_modules::leave_out)
        made.what = probes::blackbox::beyond_us::leave_out;
    return made;
}

} // namespace

class check_parts::parts {
  public:
    parts(const check_surroundings& around, const config::settings& settings)
        : settings_(settings)
        , nodes_(around.nodes)
        , strand_(around.loop.make_strand())
        , book_(around.records, sealed_by(around.vault), schemas_of(around.plugins))
        , service_(around.loop.make_strand(), around.records, book_, around.events, around.figures.registry(),
                   options_of(settings))
        , runner_figures_(around.figures.registry())
        , runner_(
              around.loop.make_strand(), settings.node,
              [&plugins = around.plugins](const std::string& name) { return plugins.probe(name); },
              [this](std::vector<model::sample> all) { service_.take(settings_.node, std::move(all)); },
              runner_figures_, runner_options_of(settings))
        , one_off_(
              settings.node, [&plugins = around.plugins](const std::string& name) { return plugins.probe(name); },
              schemas_of(around.plugins), around.nodes, settings.probes.max_one_off)
        , exporter_figures_(around.figures.registry())
        , exporter_(one_off_, around.pool, exporter_figures_, exporter_options_of(settings.exporter)) {
        service_.on_assignments([this] {
            runner_.assign(service_.assignments_for(settings_.node));
            if (agents_)
                agents_->assignments_changed();
        });
        service_.on_run([this](const std::string& node, const std::string& check, const std::string& target) {
            if (node == settings_.node)
                runner_.run_now(check, target);
            else if (agents_)
                agents_->run_now(node, check, target);
        });
    }

    void reach_agents(fleet::agents_link& link) {
        remote_probes_.emplace(link);
        one_off_.reach_others([this](const std::string& node, const std::string& probe,
                                     const std::vector<std::string>& inputs, base::duration timeout,
                                     asio::any_io_executor on, probes::one_off_probes::done tell) {
            remote_probes_->begin(node, probe, inputs, timeout, std::move(on), std::move(tell));
        });
        agents_.emplace(strand_, service_, link, nodes_);
    }

    asio::awaitable<result<void>> start() {
        if (auto modules = exporter_.load(); !modules)
            co_return modules.error();
        auto checks = settings_.inventory.checks;
        auto loaded = co_await book_.load(std::move(checks));
        if (!loaded)
            co_return loaded.error();
        co_return co_await service_.start(nodes_());
    }

    asio::awaitable<void> stop() {
        if (agents_)
            agents_->stop();
        co_await runner_.stop();
        co_await service_.stop();
    }

    probes::check_service& service() noexcept { return service_; }

    probes::one_off_probes& one_off() noexcept { return one_off_; }

    probes::blackbox::exporter& exporter() noexcept { return exporter_; }

  private:
    const config::settings& settings_;
    const std::function<std::vector<model::node_info>()> nodes_;
    const asio::any_io_executor strand_;
    probes::check_book book_;
    probes::check_service service_;
    probes::runner_metrics runner_figures_;
    probes::runner runner_;
    probes::one_off_probes one_off_;
    std::optional<remote_probes> remote_probes_;
    probes::blackbox::exporter_metrics exporter_figures_;
    probes::blackbox::exporter exporter_;
    std::optional<remote_checks> agents_;
};

std::vector<store::collection> check_parts::collections() {
    auto all = probes::check_records::collections();
    all.push_back(probes::check_book::collection());
    return all;
}

check_parts::check_parts(const check_surroundings& around, const config::settings& settings)
    : parts_(std::make_unique<parts>(around, settings)) {}

check_parts::~check_parts() = default;

void check_parts::reach_agents(fleet::agents_link& link) {
    parts_->reach_agents(link);
}

asio::awaitable<result<void>> check_parts::start() {
    return parts_->start();
}

asio::awaitable<void> check_parts::stop() {
    return parts_->stop();
}

probes::check_service& check_parts::service() noexcept {
    return parts_->service();
}

probes::one_off_probes& check_parts::one_off() noexcept {
    return parts_->one_off();
}

probes::blackbox::exporter& check_parts::exporter() noexcept {
    return parts_->exporter();
}

} // namespace ferrule::app
