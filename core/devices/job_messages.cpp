#include "devices/job_messages.hpp"

#include "base/json.hpp"
#include "base/json_text.hpp"
#include "model/job_json.hpp"

#include <algorithm>
#include <array>

namespace ferrule::devices {

using base::json;
using base::object_reader;

namespace {

constexpr std::int64_t most = INT64_MAX;
constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_text = 1024;
constexpr std::ptrdiff_t most_in_a_part = 500; // sessions of up to some 800 bytes each, and as many jobs

using what = job_progress::what;

constexpr std::array<std::pair<what, std::string_view>, 4> steps{
    {{what::session, "session"}, {what::output, "output"}, {what::result, "result"}, {what::closed, "closed"}}};

std::string_view name_of(what step) {
    for (const auto& [value, name] : steps)
        if (value == step)
            return name;
    return {};
}

json to_json(const model::session_info& shown) {
    return json{{"id", shown.id},
                {"device", shown.device},
                {"driver", shown.driver},
                {"host", shown.host},
                {"port", shown.port},
                {"username", shown.username},
                {"state", shown.state},
                {"opened_at", base::to_rfc3339(shown.opened_at)},
                {"last_used_at", base::to_rfc3339(shown.last_used_at)},
                {"commands", shown.commands}};
}

base::wall_time time_of(object_reader& reader, std::string_view key) {
    const auto read = base::parse_rfc3339(reader.text_or(key, ""));
    return read ? *read : base::wall_time{};
}

model::session_info session_from(const json& value) {
    object_reader reader(value);
    model::session_info read;
    read.id = reader.text_or("id", "");
    read.device = reader.text_or("device", "");
    read.driver = reader.text_or("driver", "");
    read.host = reader.text_or("host", "");
    read.port = static_cast<std::uint16_t>(reader.integer_or("port", 0, 0, 65535));
    read.username = reader.text_or("username", "");
    read.state = reader.text_or("state", "idle");
    read.opened_at = time_of(reader, "opened_at");
    read.last_used_at = time_of(reader, "last_used_at");
    read.commands = static_cast<std::uint64_t>(reader.integer_or("commands", 0, 0, most));
    return read;
}

// What an agent says is kept for long.
bool fits(const model::session_info& told) {
    return told.id.size() <= longest_name && told.device.size() <= longest_text && told.driver.size() <= longest_text &&
           told.host.size() <= longest_text && told.username.size() <= longest_text &&
           told.state.size() <= longest_name;
}

json to_json(const attempt& which) {
    return json{{"id", which.id}, {"run", which.run}};
}

attempt read_attempt(object_reader& reader) {
    return attempt{reader.text_or("id", ""), reader.integer_or("run", 0, 0, most)};
}

} // namespace

std::string to_text(const attempt& which) {
    return base::dump(to_json(which));
}

std::optional<attempt> attempt_from(const json& body) {
    if (!body.is_object())
        return std::nullopt;
    object_reader reader(body);
    auto read = read_attempt(reader);
    return read.id.empty() ? std::nullopt : std::optional(std::move(read));
}

std::string to_text(const job_hello& hello) {
    json value{{"instance", hello.instance}, {"seq", hello.seq},         {"capacity", hello.capacity},
               {"fifo", hello.fifo},         {"drivers", hello.drivers}, {"jobs", json::array()},
               {"sessions", json::array()}};
    if (hello.part > 0)
        value["part"] = hello.part;
    if (hello.more)
        value["more"] = true;
    for (const auto& each : hello.jobs) {
        auto entry = to_json(each.which);
        entry["change"] = each.change;
        value["jobs"].push_back(std::move(entry));
    }
    for (const auto& each : hello.sessions)
        value["sessions"].push_back(to_json(each));
    return base::dump(value);
}

std::vector<std::string> to_texts(const job_hello& hello) {
    const auto all = std::max(hello.jobs.size(), hello.sessions.size());
    std::vector<std::string> texts;
    std::size_t from = 0;
    do {
        const auto slice = [from](const auto& of) {
            const auto first = of.begin() + static_cast<std::ptrdiff_t>(std::min(from, of.size()));
            return std::pair(first, first + std::min<std::ptrdiff_t>(most_in_a_part, of.end() - first));
        };
        job_hello part;
        part.instance = hello.instance;
        part.seq = hello.seq;
        part.capacity = hello.capacity;
        part.fifo = hello.fifo;
        part.drivers = hello.drivers;
        const auto jobs = slice(hello.jobs);
        part.jobs.assign(jobs.first, jobs.second);
        const auto sessions = slice(hello.sessions);
        part.sessions.assign(sessions.first, sessions.second);
        part.part = static_cast<std::int64_t>(texts.size());
        from += most_in_a_part;
        part.more = from < all;
        texts.push_back(to_text(part));
    } while (from < all);
    return texts;
}

std::optional<job_hello> job_hello_from(const json& body) {
    if (!body.is_object())
        return std::nullopt;
    object_reader reader(body);
    job_hello read;
    read.instance = reader.text_or("instance", "");
    read.seq = reader.integer_or("seq", 0, 0, most);
    read.part = reader.integer_or("part", 0, 0, INT32_MAX);
    read.more = reader.boolean_or("more", false);
    read.capacity = static_cast<std::uint32_t>(reader.integer_or("capacity", 0, 0, UINT32_MAX));
    read.fifo = static_cast<std::uint32_t>(reader.integer_or("fifo", 0, 0, UINT32_MAX));
    read.drivers = reader.texts("drivers");
    if (const auto* jobs = reader.array("jobs"))
        for (const auto& each : *jobs)
            if (auto which = attempt_from(each); which && which->id.size() <= longest_name) {
                const auto change = each.find("change");
                read.jobs.push_back({std::move(*which), change != each.end() && *change == true});
            }
    if (const auto* sessions = reader.array("sessions"))
        for (const auto& each : *sessions)
            if (each.is_object())
                if (auto session = session_from(each); fits(session))
                    read.sessions.push_back(std::move(session));
    return read.instance.empty() || read.instance.size() > longest_name ? std::nullopt : std::optional(std::move(read));
}

std::string to_text(const job_progress& step) {
    base::json_text text;
    text.begin_object().member("what", name_of(step.happened));
    if (!step.which.id.empty())
        text.member("id", step.which.id).member("run", step.which.run);
    switch (step.happened) {
    case what::session:
        text.member("session", step.session.id).member("reused", step.session.reused);
        break;
    case what::output:
        text.member("index", static_cast<std::int64_t>(step.index)).member("text", step.text);
        break;
    case what::result:
        text.member("index", static_cast<std::int64_t>(step.index));
        text.key("result").raw(model::to_json_text(step.result));
        break;
    case what::closed:
        text.member("session", step.session.id);
        break;
    }
    return text.end_object().take();
}

std::optional<job_progress> job_progress_from(const json& body) {
    if (!body.is_object())
        return std::nullopt;
    object_reader reader(body);
    job_progress read;
    const auto name = reader.text_or("what", "");
    const auto* at =
        std::find_if(steps.begin(), steps.end(), [&name](const auto& each) { return each.second == name; });
    if (at == steps.end())
        return std::nullopt; // of a newer agent
    read.happened = at->first;
    read.which = read_attempt(reader);
    read.index = static_cast<std::size_t>(reader.integer_or("index", 0, 0, most));
    read.text = reader.text_or("text", "");
    read.session.id = reader.text_or("session", "");
    read.session.reused = reader.boolean_or("reused", false);
    if (const auto* result = reader.object("result"))
        read.result = model::result_from_json(*result);
    return read;
}

std::string key_of(const model::session_info& session) {
    model::target at;
    at.driver = session.driver;
    at.host = session.host;
    at.port = session.port;
    return model::device_key(at);
}

} // namespace ferrule::devices
