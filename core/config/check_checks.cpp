// What must hold in checks and between them.
#include "base/strings.hpp"
#include "config/check.hpp"
#include "config/schema/free_json.hpp"
#include "config/schema/json_schema_check.hpp"
#include "model/check_rules.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace ferrule::config {

namespace {

std::string nth(std::string_view list, std::size_t index) {
    return std::string(list) + "[" + std::to_string(index) + "]";
}

/// The place of each check, in the order in which they stand.
struct placed {
    const source* in = nullptr;
    std::string path;
};

class checks_check {
  public:
    checks_check(std::vector<source>& sources, const settings& values, const load_options& options, problems& found)
        : sources_(sources)
        , values_(values)
        , options_(options)
        , found_(found) {}

    void run() {
        for (auto& each : sources_)
            for (std::size_t i = 0; i < each.entries.checks.size(); ++i)
                check(each, i, each.entries.checks[i]);
        dependencies();
        for (std::size_t i = 0; i < values_.probes.anchors.size(); ++i)
            anchor(i, values_.probes.anchors[i]);
    }

  private:
    void complain(const source& in, const std::string& path, std::string message) {
        found_.add(in.name, yaml::locate(in.root, path), path, std::move(message));
    }

    // What could not be read has been told; to tell what follows from it as well would help nobody.
    [[nodiscard]] bool has_faults(const source& in, const std::string& path) const {
        return std::any_of(found_.errors().begin(), found_.errors().end(), [&](const auto& each) {
            return each.file == in.name && each.path.starts_with(path) &&
                   (each.path.size() == path.size() || each.path[path.size()] == '.' || each.path[path.size()] == '[');
        });
    }

    void check(const source& in, std::size_t index, schema::check_entry& entry) {
        const auto path = nth("checks", index);
        for (std::size_t i = 0; i < entry.maintenance.size(); ++i)
            window(in, path + "." + nth("maintenance", i), entry.maintenance[i], entry.check);
        if (has_faults(in, path))
            return;
        unique(in, path, entry.check.name);
        for (const auto& fault : model::faults_of(entry.check))
            complain(in, path + "." + fault.path, fault.message);
        probe(in, path, entry.check.probe, entry.check.targets.size());
        all_.push_back(entry.check);
        places_.push_back({&in, path});
    }

    void unique(const source& in, const std::string& path, const std::string& name) {
        const auto at = yaml::locate(in.root, path + ".name");
        const auto here = in.name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
        const auto [first, fresh] = names_.emplace(name, here);
        if (!fresh)
            complain(in, path + ".name", "the name \"" + name + "\" is taken; the first is at " + first->second);
    }

    void window(const source& in, const std::string& path, const schema::window_entry& entry, model::check& into) {
        if (has_faults(in, path))
            return;
        model::maintenance_window made;
        made.name = entry.name;
        const bool once = !entry.from.empty() || !entry.until.empty();
        const bool weekly = !entry.start.empty() || entry.length || !entry.days.empty();
        if (once == weekly)
            return complain(in, path, "give from and until for once, or start and duration for every week");
        if (once) {
            const auto from = base::parse_rfc3339(entry.from);
            const auto until = base::parse_rfc3339(entry.until);
            if (!from || !until)
                return complain(in, path, from ? "\"until\" is missing" : "\"from\" is missing");
            made.when = model::fixed_window{*from, *until};
        } else {
            if (entry.start.empty() || !entry.length)
                return complain(in, path, entry.start.empty() ? "\"start\" is missing" : "\"duration\" is missing");
            model::weekly_window each;
            for (const auto& day : entry.days)
                each.days.at(model::parse_day(day).value_or(0)) = true;
            if (entry.days.empty())
                each.days.fill(true);
            each.start = model::parse_time_of_day(entry.start).value_or(std::chrono::minutes(0));
            each.length = std::chrono::floor<std::chrono::minutes>(*entry.length);
            each.utc_offset = model::parse_utc_offset(entry.utc_offset).value_or(std::chrono::minutes(0));
            made.when = each;
        }
        into.maintenance.push_back(std::move(made));
    }

    // That there is such a probe, and that it takes the settings.
    void probe(const source& in, const std::string& path, const std::string& name, std::size_t targets) {
        if (options_.plugin_missing) {
            const auto [known, fresh] = missing_.try_emplace(name);
            if (fresh)
                known->second = options_.plugin_missing("probe", name, values_.plugins);
            if (known->second)
                return complain(in, path + ".probe", *known->second);
        }
        const auto* entry = find(in.root, path);
        if (entry == nullptr)
            return;
        settings_fit(in, entry->find("settings"), name, path + ".settings");
        const auto* list = entry->find("targets");
        for (std::size_t i = 0; list != nullptr && i < std::min(targets, list->items.size()); ++i)
            settings_fit(in, list->items[i].find("settings"), name, path + "." + nth("targets", i) + ".settings");
    }

    void settings_fit(const source& in, const yaml::node* given, const std::string& name, const std::string& path) {
        if (given == nullptr || !options_.plugin_schema)
            return;
        const auto [known, fresh] = schemas_.try_emplace(name);
        if (fresh)
            if (const auto text = options_.plugin_schema("probe", name, values_.plugins); text && !text->empty())
                if (auto rules = base::parse_json(*text))
                    known->second = std::move(*rules);
        if (known->second)
            schema::check_against(*known->second, *given, in.name, path, found_);
    }

    // `checks[2]` or `probes.anchors[2]`.
    static const yaml::node* find(const yaml::node& root, const std::string& path) {
        const auto bracket = path.rfind('[');
        const auto index = std::stoul(path.substr(bracket + 1));
        const yaml::node* at = &root;
        for (const auto step : base::split(std::string_view(path).substr(0, bracket), '.'))
            at = at == nullptr ? nullptr : at->find(step);
        return at == nullptr || at->items.size() <= index ? nullptr : &at->items[index];
    }

    void dependencies() {
        const model::dependency_rules rules(all_);
        for (std::size_t i = 0; i < all_.size(); ++i)
            for (const auto& fault : rules.faults_of(all_[i]))
                complain(*places_[i].in, places_[i].path + "." + fault.path, fault.message);
    }

    // The rules of a check hold for anchors as well.
    void anchor(std::size_t index, const anchor_settings& entry) {
        const auto& in = sources_.front();
        const auto path = nth("probes.anchors", index);
        if (has_faults(in, path))
            return;
        model::check holder;
        holder.name = "anchors";
        holder.probe = entry.probe;
        holder.targets = entry.targets;
        holder.interval = entry.interval;
        holder.timeout = entry.timeout;
        static_cast<model::node_selector&>(holder.nodes) = entry.nodes;
        for (const auto& fault : model::faults_of(holder))
            complain(in, path + "." + fault.path, fault.message);
        probe(in, path, entry.probe, entry.targets.size());
    }

    std::vector<source>& sources_;
    const settings& values_;
    const load_options& options_;
    problems& found_;
    std::map<std::string, std::string> names_;
    std::map<std::string, std::optional<std::string>> missing_;
    std::map<std::string, std::optional<base::json>> schemas_;
    std::vector<model::check> all_;
    std::vector<placed> places_;
};

} // namespace

void check_checks(std::vector<source>& sources, const settings& values, const load_options& options, problems& found) {
    checks_check(sources, values, options, found).run();
}

} // namespace ferrule::config
