#include "model/check_json.hpp"

#include "base/json.hpp"
#include "model/check_rules.hpp"
#include "model/inventory_json.hpp"

#include <algorithm>

namespace ferrule::model {

using base::json;
using base::object_reader;

namespace {

std::string read_settings(object_reader& reader) {
    const auto* given = reader.object("settings");
    return given == nullptr || given->empty() ? std::string() : base::dump(*given);
}

std::optional<std::uint32_t> read_count(object_reader& reader, std::string_view key, std::uint32_t most) {
    const auto read = reader.integer(key, 1, most);
    if (!read)
        return std::nullopt;
    return static_cast<std::uint32_t>(*read);
}

/// Of the check, or of a part of it.
class part_reader : public object_reader {
  public:
    part_reader(const json& value, std::string path, unknown_keys unknown)
        : object_reader(value, std::move(path))
        , unknown_(unknown) {
        if (unknown == unknown_keys::ignored && value.is_object())
            for (const auto& [key, unused] : value.items())
                static_cast<void>(member(key)); // so that it counts as known
    }

    [[nodiscard]] unknown_keys unknown() const noexcept { return unknown_; }

  private:
    unknown_keys unknown_;
};

// Calls `read` with a reader of each object of a list.
template <class Read>
void each_of(part_reader& reader, const std::string& key, Read read) {
    const auto* list = reader.array(key);
    if (list == nullptr)
        return;
    for (std::size_t i = 0; i < list->size(); ++i) {
        part_reader item((*list)[i], reader.path_of(key + "[" + std::to_string(i) + "]"), reader.unknown());
        read(item);
        reader.absorb(item);
    }
}

// Calls `read` with a reader of the object, if it is given.
template <class Read>
void part_of(part_reader& reader, const std::string& key, Read read) {
    const auto* given = reader.object(key);
    if (given == nullptr)
        return;
    part_reader part(*given, reader.path_of(key), reader.unknown());
    read(part);
    reader.absorb(part);
}

check_target read_check_target(object_reader& reader) {
    check_target read;
    read.name = reader.text_or("name", "");
    read.host = reader.text_or("host", "");
    if (const auto port = reader.integer("port", 1, 65535))
        read.port = static_cast<std::uint16_t>(*port);
    read.url = reader.text_or("url", "");
    read.settings = read_settings(reader);
    read.tags = read_labels(reader);
    return read;
}

base::wall_time read_time(object_reader& reader, std::string_view key) {
    const auto text = reader.required_text(key);
    const auto time = base::parse_rfc3339(text);
    if (!time && !text.empty())
        reader.complain(key, time.error().message());
    return time ? *time : base::wall_time{};
}

weekly_window read_weekly(object_reader& reader) {
    weekly_window read;
    if (reader.member("days") == nullptr)
        read.days.fill(true);
    for (const auto& name : reader.texts("days")) {
        if (const auto day = parse_day(name))
            read.days.at(*day) = true;
        else
            reader.complain("days", "\"" + name + "\" is not one of sun, mon, tue, wed, thu, fri, sat");
    }
    const auto start = reader.required_text("start");
    if (const auto time = parse_time_of_day(start))
        read.start = *time;
    else if (!start.empty())
        reader.complain("start", "expected a time of day such as 02:30");
    if (reader.member("duration") == nullptr)
        reader.complain("duration", "is required");
    read.length = std::chrono::floor<std::chrono::minutes>(reader.time_span_or("duration", std::chrono::minutes(1)));
    if (const auto offset = parse_utc_offset(reader.text_or("utc_offset", "Z")))
        read.utc_offset = *offset;
    else
        reader.complain("utc_offset", "expected an offset such as +08:00, or Z");
    return read;
}

maintenance_window read_window(object_reader& reader) {
    maintenance_window read;
    read.name = reader.text_or("name", "");
    if (reader.member("from") != nullptr || reader.member("until") != nullptr) {
        fixed_window fixed;
        fixed.from = read_time(reader, "from");
        fixed.until = read_time(reader, "until");
        read.when = fixed;
    } else {
        read.when = read_weekly(reader);
    }
    return read;
}

void read_thresholds(part_reader& reader, check& into) {
    part_of(reader, "thresholds", [&](part_reader& all) {
        const auto* given = reader.object("thresholds");
        for (const auto& [metric, limits] : given->items())
            part_of(all, metric, [&, name = metric](part_reader& one) {
                auto& read = into.thresholds[name];
                read.warning = one.number("warning");
                read.critical = one.number("critical");
                read.below = one.boolean_or("below", false);
            });
    });
}

void read_parts(part_reader& reader, check& into) {
    part_of(reader, "nodes", [&](part_reader& part) {
        into.nodes.names = part.texts("names");
        into.nodes.region = part.text_or("region", "");
        into.nodes.tags = read_labels(part);
        into.nodes.count = read_count(part, "count", most_locations);
    });
    part_of(reader, "quorum", [&](part_reader& part) {
        into.agreement.agree = read_count(part, "agree", most_locations);
        into.agreement.voters = read_count(part, "voters", most_locations);
        into.agreement.vote_lifetime = read_span(part, "vote_lifetime");
    });
    part_of(reader, "flapping", [&](part_reader& part) {
        into.flapping.enabled = part.boolean_or("enabled", true);
        into.flapping.high = part.number("high").value_or(into.flapping.high);
        into.flapping.low = part.number("low").value_or(into.flapping.low);
    });
    read_thresholds(reader, into);
    each_of(reader, "depends_on", [&](part_reader& item) {
        dependency read;
        read.check = item.required_text("check");
        read.target = item.text_or("target", "");
        into.depends_on.push_back(std::move(read));
    });
    each_of(reader, "maintenance", [&](part_reader& item) { into.maintenance.push_back(read_window(item)); });
}

} // namespace

result<check> check_from_json(const json& body, unknown_keys unknown) {
    part_reader reader(body, {}, unknown);
    check read;
    read.name = reader.text_or("name", "");
    read.probe = reader.text_or("probe", "");
    each_of(reader, "targets", [&](part_reader& item) { read.targets.push_back(read_check_target(item)); });
    read.settings = read_settings(reader);
    read.interval = read_span(reader, "interval").value_or(read.interval);
    read.timeout = read_span(reader, "timeout");
    read.retry_interval = read_span(reader, "retry_interval");
    read.max_attempts = read_count(reader, "max_attempts", most_attempts).value_or(read.max_attempts);
    read.latency = reader.text_or("latency", read.latency);
    read_parts(reader, read);
    read.tags = read_labels(reader);
    read.enabled = reader.boolean_or("enabled", true);
    for (const auto& fault : faults_of(read))
        reader.complain(fault.path, fault.message);
    if (auto bad = reader.finish())
        return *bad;
    return read;
}

result<maintenance_window> window_from_json(const json& body) {
    constexpr std::string_view here = "maintenance[0]";
    object_reader reader(body);
    check holder;
    holder.maintenance.push_back(read_window(reader));
    if (!is_name(holder.maintenance.front().name))
        reader.complain("name", "must be 1 to 128 letters, digits, dots, dashes and underscores");
    for (const auto& fault : faults_of(holder))
        if (fault.path.starts_with(here))
            reader.complain(fault.path.substr(std::min(fault.path.size(), here.size() + 1)), fault.message);
    if (auto bad = reader.finish())
        return *bad;
    return std::move(holder.maintenance.front());
}

} // namespace ferrule::model
