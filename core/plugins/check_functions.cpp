// Schedulers and stores.
#include "base/json.hpp"
#include "plugins/check_kinds.hpp"
#include "plugins/error_slot.hpp"

#include <thread>

namespace ferrule::plugins {

namespace {

using base::json;

std::string told(const error& what) {
    return what.code() + ": " + what.message();
}

std::vector<schedule_node> nodes(std::uint32_t room) {
    std::vector<schedule_node> out;
    for (const char* name : {"a", "b", "c"}) {
        schedule_node made;
        made.name = name;
        made.capacity = room;
        made.labels = {{"region", name}};
        out.push_back(std::move(made));
    }
    return out;
}

std::vector<schedule_target> targets(std::size_t count) {
    std::vector<schedule_target> out(count);
    for (std::size_t i = 0; i < count; ++i)
        out[i].key = "device" + std::to_string(i);
    return out;
}

frl_str text(std::string_view from) {
    return {from.data(), from.size()};
}

std::int32_t collect(void* into, const frl_record* row) {
    static_cast<std::vector<std::string>*>(into)->emplace_back(row->value.ptr, row->value.len);
    return 0;
}

/// The store's functions as one sequence that stops at the first failure.
class store_trial {
  public:
    explicit store_trial(store& on)
        : on_(on) {}

    [[nodiscard]] result<void> run() {
        std::vector<std::uint8_t> left_out;
        if (auto done = put({"1", "2", "3"}, 0, left_out); !done)
            return done;
        if (left_out != std::vector<std::uint8_t>{0, 0, 0})
            return wrong("put_batch left out records that are no inserts");
        if (auto done = put({"4", "1", "4"}, FRL_RECORD_INSERT, left_out); !done)
            return done;
        if (left_out != std::vector<std::uint8_t>{0, 1, 1})
            return wrong("put_batch did not mark the inserts, and only those, whose key was there");
        std::vector<std::string> rows;
        if (auto done = check("get", on_.api().get(on_.handle(), text("check"), text("2"), &collect, &rows, slot_));
            !done)
            return done;
        if (rows != std::vector<std::string>{R"({"n":"2"})"})
            return wrong("get did not give back what put_batch wrote");
        rows.clear();
        if (auto done = check("get", on_.api().get(on_.handle(), text("check"), text("9"), &collect, &rows, slot_));
            !done)
            return done;
        if (!rows.empty())
            return wrong("get gave a row for a key that is not there");
        if (auto done = try_to_put(); !done)
            return done;
        return scan_and_remove();
    }

  private:
    static error wrong(std::string what) { return error("plugin_broken", std::move(what)); }

    result<void> check(const char* call, frl_status status) const {
        if (status == FRL_OK)
            return ok();
        return slot_.take(on_.name(), call, status);
    }

    result<void> put(const std::vector<std::string>& keys, std::uint32_t flags, std::vector<std::uint8_t>& left_out) {
        left_out.assign(keys.size(), 0);
        return check("put_batch", call(on_.api().put_batch, keys, flags, left_out));
    }

    /// It writes all or, when it would have to wait, nothing.
    result<void> try_to_put() {
        if (on_.api().try_put_batch == nullptr)
            return ok();
        std::vector<std::uint8_t> left_out{0, 0};
        const auto status = call(on_.api().try_put_batch, {"0", "1"}, FRL_RECORD_INSERT, left_out);
        if (status != FRL_WOULD_WAIT)
            if (auto done = check("try_put_batch", status); !done)
                return done;
        if (status == FRL_OK && left_out != std::vector<std::uint8_t>{0, 1})
            return wrong("try_put_batch did not mark the inserts, and only those, whose key was there");
        std::vector<std::string> rows;
        if (auto done = check("get", on_.api().get(on_.handle(), text("check"), text("0"), &collect, &rows, slot_));
            !done)
            return done;
        if (rows.size() != (status == FRL_OK ? 1U : 0U))
            return wrong(status == FRL_OK ? "try_put_batch did not write what it said it had"
                                          : "try_put_batch wrote although it said that it would have to wait");
        return ok();
    }

    using writing = frl_status (*)(void*, const frl_record* const*, std::uint32_t, std::uint8_t*, frl_error*);

    frl_status call(writing function, const std::vector<std::string>& keys, std::uint32_t flags,
                    std::vector<std::uint8_t>& left_out) {
        std::vector<std::string> values;
        std::vector<frl_record> records;
        std::vector<const frl_record*> pointers;
        values.reserve(keys.size());
        records.reserve(keys.size());
        const auto kind = text("odd");
        for (const auto& key : keys) {
            values.push_back(R"({"n":")" + key + R"("})");
            frl_record made{};
            made.struct_size = sizeof(made);
            made.flags = flags;
            made.collection = text("check");
            made.key = text(key);
            made.value = text(values.back());
            made.attributes = &kind;
            made.attribute_count = 1;
            records.push_back(made);
            pointers.push_back(&records.back());
        }
        return function(on_.handle(), pointers.data(), static_cast<std::uint32_t>(pointers.size()), left_out.data(),
                        slot_);
    }

    result<void> scan_and_remove() {
        frl_kv filter{text("kind"), text("odd")};
        frl_scan what{};
        what.struct_size = sizeof(what);
        what.collection = text("check");
        what.reverse = 1;
        what.limit = 2;
        what.filters = &filter;
        what.filter_count = 1;
        std::vector<std::string> rows;
        if (auto done = check("scan", on_.api().scan(on_.handle(), &what, &collect, &rows, slot_)); !done)
            return done;
        if (rows != std::vector<std::string>{R"({"n":"4"})", R"({"n":"3"})"})
            return wrong("scan did not give the newest two of four rows");
        if (auto done = check("flush", on_.api().flush(on_.handle(), slot_)); !done)
            return done;
        std::uint32_t removed = 0;
        return check("maintain", on_.api().maintain(on_.handle(), 1, 10, &removed, slot_));
    }

    store& on_;
    error_slot slot_;
};

std::string store_config(const check_bench& on, const std::string& name, const check_settings& wanted) {
    json config = json::object();
    if (const auto found = wanted.configs.find(name); found != wanted.configs.end())
        if (auto parsed = base::parse_json(found->second); parsed && parsed->is_object())
            config = std::move(*parsed);
    config["collections"] = json::array({json{{"name", "check"}, {"attributes", json::array({"kind"})}}});
    config["durability"] = "normal";
    // Every store that keeps a file takes this; those that do not need settings of their own.
    if (wanted.configs.empty())
        config["path"] = (on.folder() / "check.db").string();
    return base::dump(config);
}

} // namespace

void check_scheduler(check_bench& on, const std::string& name, check_report& report) {
    const auto prefix = "scheduler " + name + ": ";
    report.begin(prefix + "create");
    const auto found = on.wait(on.plugins().scheduler(name));
    if (!found) {
        report.end(false, told(found.error()));
        return;
    }
    end_without_complaint(on, report, "created with its default configuration");

    report.begin(prefix + "places every target while there is room");
    const auto placed = (*found)->select(nodes(4), targets(12));
    if (!placed)
        report.end(false, told(placed.error()));
    else if (std::ranges::count(*placed, no_node) != 0)
        report.end(false, "12 targets fit on three nodes of capacity 4, and not all were placed");
    else
        end_without_complaint(on, report, "12 targets on 3 nodes");

    report.begin(prefix + "places nothing where no room is");
    const auto full = (*found)->select(nodes(0), targets(3));
    const auto nowhere = (*found)->select({}, targets(3));
    if (!full || !nowhere)
        report.end(false, told(full ? nowhere.error() : full.error()));
    else if (std::ranges::count(*full, no_node) != 3 || std::ranges::count(*nowhere, no_node) != 3)
        report.end(false, "it placed a target on a node without room");
    else
        end_without_complaint(on, report, "FRL_NO_NODE for all");

    report.begin(prefix + "from four threads at once");
    constexpr int threads = 4;
    std::vector<std::thread> callers;
    callers.reserve(threads);
    std::atomic<int> failed = 0;
    for (int i = 0; i < threads; ++i)
        callers.emplace_back([&] {
            for (int round = 0; round < 200; ++round)
                if (!(*found)->select(nodes(4), targets(12)))
                    ++failed;
        });
    for (auto& each : callers)
        each.join();
    if (failed != 0)
        report.end(false, std::to_string(failed.load()) + " of 800 calls failed");
    else
        end_without_complaint(on, report, "800 calls");
}

void check_store(check_bench& on, const std::string& name, check_report& report, const check_settings& wanted) {
    const auto prefix = "store " + name + ": ";
    report.begin(prefix + "create");
    auto opened = on.wait(on.plugins().store(name, store_config(on, name, wanted)));
    if (!opened) {
        report.end(false, told(opened.error()));
        return;
    }
    end_without_complaint(on, report, "created");
    report.begin(prefix + "write, read, scan, flush, maintain");
    store_trial trial(**opened);
    if (const auto done = trial.run(); !done)
        report.end(false, told(done.error()));
    else
        end_without_complaint(on, report, "as store.h says");
    report.begin(prefix + "destroy");
    opened->reset();
    end_without_complaint(on, report, "closed");
}

} // namespace ferrule::plugins
