// The texts of a new store; see scaffold_templates.cpp.
#include <string_view>

namespace ferrule::plugins {

extern const std::string_view scaffold_store_source;
extern const std::string_view scaffold_store_test;

const std::string_view scaffold_store_source = R"text(// Where @NAME@ keeps records, in one sentence.
//
// As it is, it keeps them in memory and forgets them at the end: replace the map by your database.
#include <ferrule/sdk/json.hpp>
#include <ferrule/sdk/store.hpp>

#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

namespace {

namespace sdk = ferrule::sdk;

struct row {
    std::string value;
    std::vector<std::string> attributes;
    std::int64_t expires_at_ms = 0;
};

struct collection {
    std::vector<std::string> attributes;
    std::map<std::string, row, std::less<>> rows;
};

class @CLASS@ final : public sdk::store {
    // {"collections": [{"name", "attributes": [name, ...]}, ...], "durability", and settings of your own}
    void configure(std::string_view text) override {
        const auto config = sdk::json::parse(text).value();
        if (const auto* list = config.find("collections")) {
            for (const auto& each : list->items()) {
                auto& made = collections_[each.text("name")];
                if (const auto* names = each.find("attributes")) {
                    for (const auto& name : names->items()) {
                        made.attributes.push_back(name.as_text());
                    }
                }
            }
        }
    }

    // All of them or none, and durable when it returns.
    void put(std::span<const sdk::record_view> records, sdk::left_out& taken) override {
        const std::unique_lock lock(mutex_);
        for (std::size_t i = 0; i < records.size(); ++i) {
            const auto& each = records[i];
            auto& rows = find(each.collection()).rows;
            const std::string key(each.key());
            if (each.is_delete()) {
                rows.erase(key);
            } else if (each.is_insert() && rows.count(key) != 0) {
                taken.add(i);
            } else {
                row made{std::string(each.value()), {}, each.expires_at_ms()};
                for (const auto& attribute : each.attributes()) {
                    made.attributes.emplace_back(sdk::view(attribute));
                }
                rows[key] = std::move(made);
            }
        }
    }

    void get(std::string_view name, std::string_view key, const sdk::row_sink& sink) override {
        const std::shared_lock lock(mutex_);
        const auto& rows = find(name).rows;
        if (const auto found = rows.find(key); found != rows.end()) {
            hand_out(name, found->first, found->second, sink);
        }
    }

    void scan(const sdk::scan_view& what, const sdk::row_sink& sink) override {
        const std::shared_lock lock(mutex_);
        const auto& from = find(what.collection());
        std::vector<const std::pair<const std::string, row>*> found;
        for (const auto& each : from.rows) {
            const bool in_range =
                each.first >= what.from() && (what.to().empty() || each.first < what.to());
            if (in_range && matches(from, each.second, what.filters())) {
                found.push_back(&each);
            }
        }
        if (what.reverse()) {
            found.assign(found.rbegin(), found.rend());
        }
        std::uint32_t count = 0;
        for (const auto* each : found) {
            if (what.limit() != 0 && count++ == what.limit()) {
                break;
            }
            if (!hand_out(what.collection(), each->first, each->second, sink)) {
                break;
            }
        }
    }

    void flush() override {}

    std::uint32_t maintain(std::int64_t now_ms, std::uint32_t limit) override {
        const std::unique_lock lock(mutex_);
        std::uint32_t removed = 0;
        for (auto& [name, each] : collections_) {
            for (auto at = each.rows.begin(); at != each.rows.end() && removed < limit;) {
                const bool expired = at->second.expires_at_ms != 0 && at->second.expires_at_ms <= now_ms;
                removed += expired ? 1 : 0;
                at = expired ? each.rows.erase(at) : std::next(at);
            }
        }
        return removed;
    }

    // The same attribute more than once means any of its values.
    static bool matches(const collection& in, const row& which, std::span<const frl_kv> filters) {
        for (const auto& wanted : filters) {
            bool any = false;
            for (const auto& other : filters) {
                if (sdk::view(other.key) != sdk::view(wanted.key)) {
                    continue;
                }
                for (std::size_t i = 0; i < in.attributes.size() && i < which.attributes.size(); ++i) {
                    any = any || (in.attributes[i] == sdk::view(other.key) && which.attributes[i] == sdk::view(other.value));
                }
            }
            if (!any) {
                return false;
            }
        }
        return true;
    }

    static bool hand_out(std::string_view name, const std::string& key, const row& which, const sdk::row_sink& sink) {
        std::vector<frl_str> attributes;
        for (const auto& each : which.attributes) {
            attributes.push_back(sdk::str(each));
        }
        frl_record out{};
        out.struct_size = sizeof(out);
        out.collection = sdk::str(name);
        out.key = sdk::str(key);
        out.value = sdk::str(which.value);
        out.expires_at_ms = which.expires_at_ms;
        out.attributes = attributes.data();
        out.attribute_count = static_cast<std::uint32_t>(attributes.size());
        return sink(out);
    }

    collection& find(std::string_view name) {
        const auto found = collections_.find(name);
        if (found == collections_.end()) {
            throw sdk::failure(sdk::error("unknown_collection", "There is no collection '" + std::string(name) + "'."));
        }
        return found->second;
    }

    std::shared_mutex mutex_;
    std::map<std::string, collection, std::less<>> collections_;
};

} // namespace

FERRULE_STORE(@CLASS@, "@NAME@", "0.1.0", "Where @NAME@ keeps records, in one sentence");
)text";

const std::string_view scaffold_store_test = R"text(// Loads the store as Ferrule does, writes and reads.
#include <ferrule/testhost.hpp>

#include <cstdio>

namespace th = ferrule::testhost;

int main(int, char** argv) {
    th::host host;
    const auto plugin = th::plugin::load(argv[1]);
    th::store store(host, plugin.component(FRL_KIND_STORE, "@NAME@"),
                    R"({"collections":[{"name":"jobs","attributes":["state"]}],"durability":"normal"})");

    store.put({{"jobs", "1", "{}", {"queued"}}, {"jobs", "2", "{}", {"done"}}});
    const auto queued = store.scan({.collection = "jobs", .filters = {{"state", "queued"}}});
    const auto taken = store.put({{"jobs", "1", "{}", {"queued"}, 0, FRL_RECORD_INSERT}});
    const bool good = queued.size() == 1 && queued.front().key == "1" && taken.size() == 1 && store.get("jobs", "2") &&
                      !store.get("jobs", "3");
    std::printf("%s\n", good ? "ok" : "FAILED");
    return good ? 0 : 1;
}
)text";

} // namespace ferrule::plugins
