#include "probes/check_book.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/strings.hpp"
#include "model/check_json.hpp"
#include "model/check_rules.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::probes {

using base::json;

namespace {

constexpr const char* check_records = "checks";

std::string purpose(std::string_view name) {
    return "check " + std::string(name);
}

error read_only(std::string_view name) {
    return error("read_only",
                 "the check \"" + std::string(name) + "\" comes from the configuration file and is changed there");
}

std::string to_record(const check_book::entry& kept) {
    auto definition = model::to_json(*kept.definition);
    definition.erase("origin");
    return base::dump(json{{"check", std::move(definition)}, {"made_at", base::to_rfc3339(kept.made_at)}});
}

result<check_book::entry> from_record(std::string_view text) {
    const auto value = json::parse(text, nullptr, false);
    if (!value.is_object() || !value.contains("check"))
        return error("corrupt_record", "the stored record is no check");
    auto definition = model::check_from_json(value["check"]);
    if (!definition)
        return definition.error();
    check_book::entry read;
    if (const auto at = base::parse_rfc3339(value.value("made_at", "")))
        read.made_at = *at;
    read.definition = std::make_shared<const model::check>(std::move(*definition));
    return read;
}

bool carries(const model::check& each, const model::labels& tags) {
    return std::all_of(tags.begin(), tags.end(), [&each](const auto& tag) {
        const auto at = each.tags.find(tag.first);
        return at != each.tags.end() && at->second == tag.second;
    });
}

bool depends_on(const model::check& child, std::string_view parent) {
    return std::any_of(child.depends_on.begin(), child.depends_on.end(),
                       [parent](const auto& each) { return each.check == parent; });
}

} // namespace

store::collection check_book::collection() {
    return store::collection(check_records, {});
}

check_book::check_book(store::store& records, sealing at_rest, settings_schema schemas, const base::clock& time)
    : records_(records)
    , at_rest_(std::move(at_rest))
    , schemas_(std::move(schemas))
    , time_(time) {}

asio::awaitable<result<void>> check_book::load(std::vector<model::check> from_file) {
    store::query every;
    every.collection = check_records;
    auto rows = co_await records_.scan(std::move(every));
    if (!rows)
        co_return rows.error();
    const std::lock_guard lock(mutex_);
    for (const auto& row : *rows) {
        auto opened = at_rest_.open(row.value, purpose(row.key));
        if (!opened)
            co_return opened.error().within(purpose(row.key));
        auto read = from_record(opened->reveal());
        if (!read)
            co_return read.error().within(purpose(row.key));
        checks_[row.key] = std::move(*read);
    }
    for (auto& each : from_file) {
        if (checks_.contains(each.name))
            base::log::warn("probes", "a check of the configuration file hides one that was made by REST",
                            {{"name", each.name}});
        each.origin = "file";
        entry fresh;
        auto name = each.name;
        fresh.definition = std::make_shared<const model::check>(std::move(each));
        checks_[std::move(name)] = std::move(fresh);
    }
    co_return ok();
}

check_book::entry check_book::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto at = checks_.find(name);
    return at == checks_.end() ? entry() : at->second;
}

std::vector<check_book::entry> check_book::all() const {
    std::vector<entry> every;
    const std::lock_guard lock(mutex_);
    every.reserve(checks_.size());
    for (const auto& [name, each] : checks_)
        every.push_back(each);
    return every;
}

model::page<check_ptr> check_book::page(std::string_view cursor, std::size_t limit, const model::labels& tags) const {
    model::page<check_ptr> found;
    const std::lock_guard lock(mutex_);
    for (auto at = checks_.upper_bound(cursor); at != checks_.end(); ++at) {
        if (!carries(*at->second.definition, tags))
            continue;
        if (found.items.size() == limit) {
            found.next = found.items.back()->name;
            break;
        }
        found.items.push_back(at->second.definition);
    }
    return found;
}

error check_book::unknown(std::string_view name) const {
    std::vector<std::string> names;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [key, each] : checks_)
            names.push_back(key);
    }
    const auto near = base::nearest(name, names);
    return error("check_not_found", "there is no check \"" + base::shortened(name, 128) + "\"" +
                                        (near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?"));
}

// Between checks, as they would be with this one. Called with the lock held.
result<void> check_book::fits(const model::check& wanted) const {
    const bool alone = wanted.depends_on.empty() && std::none_of(checks_.begin(), checks_.end(), [&](const auto& each) {
                           return depends_on(*each.second.definition, wanted.name);
                       });
    if (alone)
        return ok();
    std::vector<model::check> all{wanted};
    for (const auto& [name, each] : checks_)
        if (name != wanted.name)
            all.push_back(*each.definition);
    const model::dependency_rules rules(all);
    if (const auto faults = rules.faults_of(all.front()); !faults.empty())
        return to_error(faults);
    for (const auto& each : all) {
        if (depends_on(each, wanted.name) && !rules.faults_of(each).empty())
            return error("in_use", "the check \"" + each.name + "\" depends on a target of \"" + wanted.name +
                                       "\" that would be gone");
    }
    return ok();
}

result<void> check_book::admissible(const model::check& wanted) const {
    if (const auto faults = probe_faults(wanted, schemas_); !faults.empty())
        return to_error(faults);
    const std::lock_guard lock(mutex_);
    if (const auto at = checks_.find(wanted.name); at != checks_.end() && at->second.definition->origin == "file")
        return read_only(wanted.name);
    return fits(wanted);
}

asio::awaitable<result<bool>> check_book::put(model::check wanted, bool only_new) {
    const auto turn = co_await changes_.take();
    if (!turn)
        co_return error("cancelled", "it was cancelled");
    wanted.origin = "api";
    if (const auto allowed = admissible(wanted); !allowed)
        co_return allowed.error();
    auto now = find(wanted.name);
    const bool fresh = now.definition == nullptr;
    if (!fresh && only_new)
        co_return error("name_taken", "there is already a check \"" + wanted.name + "\"; PUT /api/v1/checks/" +
                                          wanted.name + " replaces it");
    if (fresh)
        now.made_at = time_.wall_now();
    const auto name = wanted.name;
    now.definition = std::make_shared<const model::check>(std::move(wanted));
    store::record kept(check_records, name, at_rest_.seal(to_record(now), purpose(name)));
    auto written = co_await records_.put(std::move(kept));
    if (!written)
        co_return written.error();
    {
        const std::lock_guard lock(mutex_);
        checks_[name] = now;
    }
    if (hear_)
        hear_(name, now);
    co_return fresh;
}

result<void> check_book::removable(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto at = checks_.find(name);
    if (at == checks_.end())
        return error("check_not_found", "there is no check \"" + std::string(name) + "\"");
    if (at->second.definition->origin == "file")
        return read_only(name);
    std::vector<std::string> children;
    for (const auto& [key, each] : checks_)
        if (depends_on(*each.definition, name))
            children.push_back(key);
    if (!children.empty())
        return error("in_use", "on the check \"" + std::string(name) + "\" depend " + base::join(children, ", "));
    return ok();
}

asio::awaitable<result<void>> check_book::remove(std::string name) {
    const auto turn = co_await changes_.take();
    if (!turn)
        co_return error("cancelled", "it was cancelled");
    if (const auto allowed = removable(name); !allowed)
        co_return allowed.error();
    store::record gone(check_records, name, {});
    gone.remove = true;
    auto written = co_await records_.put(std::move(gone));
    if (!written)
        co_return written.error();
    {
        const std::lock_guard lock(mutex_);
        checks_.erase(name);
    }
    if (hear_)
        hear_(name, entry());
    co_return ok();
}

} // namespace ferrule::probes
