// The order to run a job, with the credentials that it needs.
#include "devices/job_messages.hpp"

#include "base/json.hpp"
#include "model/inventory_json.hpp"

#include <utility>

namespace ferrule::devices {

using base::json;
using base::object_reader;

namespace {

json login_json(const std::shared_ptr<const model::credential>& login) {
    if (!login)
        return nullptr;
    auto value = model::to_secret_json(*login);
    value["version"] = login->version;
    return value;
}

std::shared_ptr<const model::credential> login_from(const json* value) {
    if (value == nullptr || !value->is_object())
        return nullptr;
    object_reader reader(*value);
    auto read = model::read_login(reader);
    read.name = reader.text_or("name", "");
    if (const auto at = value->find("version"); at != value->end() && at->is_number_unsigned())
        read.version = at->get<std::uint64_t>();
    return std::make_shared<const model::credential>(std::move(read));
}

json to_json(const model::command& asked) {
    json value{{"text", asked.text}};
    for (const auto& each : asked.prompts)
        value["prompts"].push_back({{"pattern", each.pattern}, {"reply", each.reply.reveal()}});
    return value;
}

model::command command_from(const json& value) {
    object_reader reader(value);
    model::command read;
    read.text = reader.text_or("text", "");
    if (const auto* prompts = reader.array("prompts"))
        for (const auto& each : *prompts) {
            if (!each.is_object())
                continue;
            object_reader fields(each);
            model::prompt_reply reply;
            reply.pattern = fields.text_or("pattern", "");
            reply.reply = base::secret(fields.text_or("reply", ""));
            read.prompts.push_back(std::move(reply));
        }
    return read;
}

std::int64_t milliseconds(base::duration span) {
    return std::chrono::ceil<std::chrono::milliseconds>(span).count();
}

error invalid(const char* why) {
    return error("invalid_message", std::string("an order to run a job cannot be read: ") + why);
}

result<resolved_ptr> target_from(object_reader& reader) {
    const auto* given = reader.object("target");
    if (given == nullptr)
        return invalid("it has no target");
    object_reader fields(*given);
    auto device = std::make_shared<model::device>();
    device->at = model::read_target(fields);
    if (device->at.host.empty() || device->at.driver.empty())
        return invalid("its target has no host");
    device->name = reader.text_or("device", device->at.host);
    if (const auto ttl = reader.integer("session_ttl_ms", 0, INT64_MAX / 1'000'000))
        device->session_ttl = std::chrono::milliseconds(*ttl);
    auto at = std::make_shared<resolved_target>();
    at->login = login_from(reader.object("login"));
    if (const auto* jumps = reader.array("jump_logins"))
        for (const auto& each : *jumps)
            at->jump_logins.push_back(login_from(&each));
    if (at->jump_logins.size() != device->at.jump.size())
        return invalid("not each hop has its login");
    at->order_key = model::device_key(device->at);
    at->device = std::move(device);
    return resolved_ptr(std::move(at));
}

} // namespace

std::string to_text(const run_order& order) {
    const auto& device = *order.at->device;
    json value{{"id", order.which.id},
               {"run", order.which.run},
               {"device", device.name},
               {"target", model::to_json(device.at)},
               {"login", login_json(order.at->login)},
               {"strategy", model::to_text(order.request.how)},
               {"change", order.request.change},
               {"stop_on_error", order.request.stop_on_error},
               {"raw", order.request.raw},
               {"timeout_ms", milliseconds(order.timeout)}};
    if (order.again)
        value["again"] = true;
    if (device.session_ttl)
        value["session_ttl_ms"] = milliseconds(*device.session_ttl);
    for (const auto& each : order.at->jump_logins)
        value["jump_logins"].push_back(login_json(each));
    if (!order.platform.empty())
        value["platform"] = json::parse(order.platform, nullptr, false);
    for (const auto& each : order.request.commands)
        value["commands"].push_back(to_json(each));
    if (!order.request.config.empty())
        value["config"] = order.request.config;
    auto text = base::dump(value);
    model::wipe(value);
    return text;
}

result<run_order> run_order_from(const json& body) {
    if (!body.is_object())
        return invalid("it is no object");
    object_reader reader(body);
    run_order read;
    read.which.id = reader.text_or("id", "");
    read.which.run = reader.integer_or("run", 0, 0, INT64_MAX);
    if (read.which.id.empty())
        return invalid("it has no id");
    auto at = target_from(reader);
    if (!at)
        return at.error();
    read.at = std::move(*at);
    if (const auto* platform = reader.object("platform"))
        read.platform = base::dump(*platform);
    const auto how = model::strategy_from(reader.text_or("strategy", ""));
    if (!how)
        return invalid("its strategy is none that this version knows");
    read.request.how = *how;
    read.request.change = reader.boolean_or("change", true);
    read.request.stop_on_error = reader.boolean_or("stop_on_error", true);
    read.request.raw = reader.boolean_or("raw", false);
    read.again = reader.boolean_or("again", false);
    read.timeout = std::chrono::milliseconds(reader.integer_or("timeout_ms", 60'000, 1, INT64_MAX / 1'000'000));
    if (const auto* commands = reader.array("commands"))
        for (const auto& each : *commands)
            if (each.is_object())
                read.request.commands.push_back(command_from(each));
    read.request.config = reader.texts("config");
    if (read.request.commands.empty() == read.request.config.empty())
        return invalid("it has neither commands nor a configuration, or both");
    return read;
}

} // namespace ferrule::devices
