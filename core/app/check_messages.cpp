#include "app/check_messages.hpp"

#include "base/json.hpp"
#include "fleet/link.hpp"
#include "model/check_json.hpp"
#include "probes/phase.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <span>
#include <utility>

namespace ferrule::app::messages {

using base::json;

namespace {

// Below the longest message even when each has settings of its own.
constexpr std::size_t most_of_a_part = 200;
constexpr std::size_t part_bytes = fleet::longest_message / 4;
constexpr std::size_t delivery_bytes = fleet::longest_delivery / 2;
constexpr std::size_t most_parts = 10'000;

// The targets of a check that one agent measures, and no others: a check may have thousands.
json described(std::span<const probes::assignment> of) {
    std::vector<probes::assignment> slim;
    while (!of.empty()) {
        const auto& definition = *of.front().definition;
        const auto end = std::find_if(of.begin(), of.end(),
                                      [&](const auto& each) { return each.definition->name != definition.name; });
        const auto same = of.first(static_cast<std::size_t>(end - of.begin()));
        of = of.subspan(same.size());
        std::set<std::string_view> wanted;
        for (const auto& each : same)
            wanted.insert(each.target);
        auto made = std::make_shared<model::check>(definition);
        std::erase_if(made->targets, [&](const auto& target) { return !wanted.contains(model::target_name(target)); });
        for (const auto& each : same) {
            slim.push_back(each);
            slim.back().definition = made;
        }
    }
    return probes::to_json(slim);
}

void split(std::span<const probes::assignment> all, std::vector<json>& into) {
    auto body = described(all);
    if (all.size() > 1 && base::dump(body).size() > part_bytes) {
        split(all.first(all.size() / 2), into);
        split(all.subspan(all.size() / 2), into);
        return;
    }
    into.push_back(std::move(body));
}

error bad(const char* what) {
    return error("invalid_request", what);
}

} // namespace

assigned_parts assignment_parts(const std::vector<probes::assignment>& all) {
    assigned_parts made;
    std::string whole;
    for (const auto& each : all)
        whole += each.definition->name + '\n' + each.target + '\n' + std::to_string(each.revision) + '\n';
    made.set = std::to_string(probes::stable_hash({whole}));
    std::vector<json> bodies;
    for (std::size_t from = 0; from < all.size(); from += most_of_a_part)
        split(std::span(all).subspan(from, std::min(most_of_a_part, all.size() - from)), bodies);
    if (bodies.empty())
        bodies.push_back(json::array());
    for (std::size_t i = 0; i < bodies.size(); ++i)
        made.parts.push_back(
            base::dump(json{{"set", made.set}, {"part", i}, {"parts", bodies.size()}, {"work", std::move(bodies[i])}}));
    return made;
}

std::string confirmation_of(const json& part) {
    base::object_reader in(part);
    return base::dump(json{{"set", in.text_or("set", "")}, {"part", in.integer("part", 0, most_parts).value_or(0)}});
}

result<confirmed_part> read_confirmation(const json& body) {
    base::object_reader in(body);
    confirmed_part read;
    read.set = in.required_text("set");
    const auto index = in.integer("part", 0, most_parts);
    if (read.set.empty() || !index)
        return bad("a confirmation has set and part");
    read.index = static_cast<std::size_t>(*index);
    return read;
}

result<std::vector<std::string>> assignment_collector::take(const json& part) {
    base::object_reader in(part);
    const auto set = in.required_text("set");
    const auto given_count = in.integer("parts", 1, most_parts);
    const auto given_index = in.integer("part", 0, most_parts);
    const auto* work = in.array("work");
    if (set.empty() || !given_count || !given_index || *given_index >= *given_count || work == nullptr)
        return bad("a part of an assignment has set, part, parts and work");
    const auto count = static_cast<std::size_t>(*given_count);
    const auto index = static_cast<std::size_t>(*given_index);
    if (set != set_ || parts_.size() != count) {
        set_ = set;
        parts_.assign(count, {});
        missing_ = count;
    }
    if (parts_[index].empty())
        --missing_;
    parts_[index] = base::dump(*work);
    if (missing_ != 0)
        return std::vector<std::string>();
    set_.clear();
    return std::exchange(parts_, {});
}

result<std::vector<probes::assignment>> read_assignments(const std::vector<std::string>& bodies,
                                                         std::vector<error>& refused) {
    std::vector<probes::assignment> all;
    for (const auto& each : bodies) {
        const auto body = base::parse_json(each);
        if (!body)
            return body.error();
        auto read = probes::assignments_from_json(*body, refused);
        if (!read)
            return read.error();
        std::move(read->begin(), read->end(), std::back_inserter(all));
    }
    return all;
}

std::vector<std::string> sample_bodies(const std::vector<model::sample>& all) {
    constexpr std::string_view begin = R"({"samples":[)";
    std::vector<std::string> bodies;
    std::string body;
    for (const auto& each : all) {
        const auto text = base::dump(model::to_json(each));
        if (!body.empty() && body.size() + text.size() > delivery_bytes) {
            bodies.push_back(std::move(body) + "]}");
            body.clear();
        }
        body += body.empty() ? begin : ",";
        body += text;
    }
    if (!body.empty())
        bodies.push_back(std::move(body) + "]}");
    return bodies;
}

std::string probe_request(const std::string& id, const std::string& name, const std::vector<std::string>& inputs,
                          base::duration timeout) {
    return base::dump(json{{"id", id}, {"probe", name}, {"inputs", inputs}, {"timeout", base::to_text(timeout)}});
}

result<wanted_probe> read_probe_request(const json& body) {
    base::object_reader in(body);
    wanted_probe read;
    read.id = in.required_text("id");
    read.probe = in.required_text("probe");
    read.inputs = in.texts("inputs");
    read.timeout = in.time_span_or("timeout", std::chrono::seconds(5));
    if (read.id.empty() || read.probe.empty())
        return bad("a request for probes has id, probe, inputs and timeout");
    return read;
}

std::string outcome_text(const std::string& id, std::size_t index, const result<std::string>& what) {
    json body{{"id", id}, {"index", index}};
    if (what)
        body["result"] = *what;
    else
        body["error"] = base::to_json(what.error());
    return base::dump(body);
}

result<told_outcome> read_outcome(const json& body) {
    base::object_reader in(body);
    told_outcome read;
    read.id = in.required_text("id");
    const auto index = in.integer("index", 0, INT32_MAX);
    const auto text = in.text("result");
    const auto* failed = in.object("error");
    if (read.id.empty() || !index || (!text && failed == nullptr))
        return bad("an outcome has id, index and a result or an error");
    read.index = static_cast<std::size_t>(*index);
    if (text)
        read.what = *text;
    else
        read.what = base::error_from_json(base::dump(*failed), "internal");
    return read;
}

} // namespace ferrule::app::messages
