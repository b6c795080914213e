// What controller and agents tell each other about checks and probes, behind the frame: each body is refused with a
// reason, or what was read of it is the same when it is written and read again.
#include "app/check_messages.hpp"

#include "base/json.hpp"
#include "fleet/link.hpp"
#include "model/check_json.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>

using namespace ferrule;
using namespace ferrule::app;
using base::json;

namespace {

void must(bool holds) {
    if (!holds)
        std::abort();
}

template <class T>
bool understood(const result<T>& read) {
    must(read || (!read.error().code().empty() && !read.error().message().empty()));
    return read.has_value();
}

json read_again(const std::string& text) {
    auto read = base::parse_json(text);
    must(read && read->is_object()); // the link takes nothing else
    return std::move(*read);
}

/// What a controller's assignments are: no two checks have one name.
bool are_of_one_controller(const std::vector<probes::assignment>& all) {
    std::map<std::string, const model::check*> definitions;
    return std::all_of(all.begin(), all.end(), [&](const auto& each) {
        const auto* const definition = each.definition.get();
        return definitions.try_emplace(definition->name, definition).first->second == definition;
    });
}

void assignments(const json& body) {
    messages::assignment_collector parts;
    const auto whole = parts.take(body);
    if (!understood(whole))
        return;
    const auto confirmed = messages::read_confirmation(read_again(messages::confirmation_of(body)));
    must(understood(confirmed) && body.at("set") == confirmed->set && body.at("part") == confirmed->index);
    std::vector<error> refused;
    const auto all = messages::read_assignments(*whole, refused);
    if (!understood(all))
        return;
    for (const auto& each : refused)
        must(!each.code().empty() && !each.message().empty());
    for (const auto& each : *all)
        must(each.definition != nullptr && !each.target.empty() && base::parse_json(each.input).has_value());
    if (!are_of_one_controller(*all))
        return;
    const auto sent = messages::assignment_parts(*all);
    std::vector<std::string> bodies;
    for (const auto& part : sent.parts) {
        must(part.size() <= fleet::longest_message);
        auto came = parts.take(read_again(part));
        must(understood(came) && came->empty() == (part != sent.parts.back()));
        bodies = std::move(*came);
    }
    const auto again = messages::read_assignments(bodies, refused = {});
    must(understood(again) && refused.empty() && again->size() == all->size());
    for (std::size_t i = 0; i < all->size(); ++i) {
        const auto& one = (*all)[i];
        const auto& same = (*again)[i];
        must(same.definition->name == one.definition->name && same.target == one.target && same.input == one.input &&
             same.revision == one.revision);
    }
}

void samples(const json& body) {
    std::vector<model::sample> all;
    const auto list = body.find("samples");
    for (std::size_t i = 0; list != body.end() && list->is_array() && i < list->size(); ++i)
        if (auto read = model::sample_from_json((*list)[i]); understood(read))
            all.push_back(std::move(*read));
    std::size_t came = 0;
    for (const auto& delivery : messages::sample_bodies(all)) {
        must(delivery.size() <= fleet::longest_delivery);
        const auto body_again = read_again(delivery);
        for (const auto& each : body_again.at("samples")) {
            const auto read = model::sample_from_json(each);
            must(understood(read) && came < all.size());
            must(base::dump(model::to_json(*read)) == base::dump(model::to_json(all[came++])));
        }
    }
    must(came == all.size());
}

void once(const json& body) {
    if (const auto asked = messages::read_probe_request(body); understood(asked)) {
        const auto again = messages::read_probe_request(
            read_again(messages::probe_request(asked->id, asked->probe, asked->inputs, asked->timeout)));
        must(understood(again) && again->id == asked->id && again->probe == asked->probe &&
             again->inputs == asked->inputs && again->timeout == asked->timeout);
    }
    const auto told = messages::read_outcome(body);
    if (!understood(told))
        return;
    const auto again = messages::read_outcome(read_again(messages::outcome_text(told->id, told->index, told->what)));
    must(understood(again) && again->id == told->id && again->index == told->index && !again->what == !told->what);
    if (!told->what) {
        must(base::to_json(again->what.error()) == base::to_json(told->what.error()));
        return;
    }
    must(*again->what == *told->what);
    if (const auto measured = base::parse_json(*told->what); measured && measured->is_object()) {
        model::sample into;
        (void)understood(model::read_probe_result(*measured, into));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto body = base::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!body || !body->is_object())
        return 0;
    assignments(*body);
    (void)understood(messages::read_confirmation(*body));
    samples(*body);
    once(*body);
    return 0;
}
