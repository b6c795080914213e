// SPDX-License-Identifier: Apache-2.0
// Running a store under test.
#pragma once

#include <ferrule/abi/store.h>
#include <ferrule/testhost/plugin.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace ferrule::testhost {

/// A record as a test writes it down or reads it.
struct record {
    std::string collection = {};
    std::string key = {};
    std::string value = {};
    std::vector<std::string> attributes = {};
    std::int64_t expires_at_ms = 0;
    std::uint32_t flags = 0;
};

/// What to read.
struct scan_request {
    std::string collection = {};
    std::string from = {};
    std::string to = {};
    bool reverse = false;
    std::uint32_t limit = 0;
    std::vector<std::pair<std::string, std::string>> filters = {};
};

/// One instance of a store, called from the test's thread. Every failure throws std::runtime_error with the store's
/// error.
class store : public detail::instance<frl_store_api> {
  public:
    store(host& on, const frl_component& component, std::string_view config)
        : instance(on, component, config) {}

    /// Writes a batch and returns the places of the inserts that were left out.
    std::vector<std::size_t> put(const std::vector<record>& records) {
        raw_batch batch(records);
        reported_error error;
        check(api().put_batch(raw(), batch.pointers.data(), batch.count(), batch.marks.data(), testhost::raw(error)),
              error);
        return batch.left_out();
    }

    /// Whether the store can write without waiting at all.
    [[nodiscard]] bool tries() const { return api().try_put_batch != nullptr; }

    /// The same as put; nothing when it would have to wait.
    std::optional<std::vector<std::size_t>> try_put(const std::vector<record>& records) {
        raw_batch batch(records);
        reported_error error;
        const auto status =
            api().try_put_batch(raw(), batch.pointers.data(), batch.count(), batch.marks.data(), testhost::raw(error));
        if (status == FRL_WOULD_WAIT) {
            return std::nullopt;
        }
        check(status, error);
        return batch.left_out();
    }

    std::optional<record> get(std::string_view collection, std::string_view key) {
        std::vector<record> rows;
        reported_error error;
        check(api().get(raw(), str(collection), str(key), &on_row, &rows, testhost::raw(error)), error);
        return rows.empty() ? std::nullopt : std::optional(rows.front());
    }

    std::vector<record> scan(const scan_request& what) {
        std::vector<frl_kv> filters = {};
        filters.reserve(what.filters.size());
        for (const auto& [key, value] : what.filters) {
            filters.push_back({str(key), str(value)});
        }
        const frl_scan scan{sizeof(frl_scan),
                            what.reverse ? 1u : 0u,
                            str(what.collection),
                            str(what.from),
                            str(what.to),
                            what.limit,
                            static_cast<std::uint32_t>(filters.size()),
                            filters.data()};
        std::vector<record> rows;
        reported_error error;
        check(api().scan(raw(), &scan, &on_row, &rows, testhost::raw(error)), error);
        return rows;
    }

    void flush() {
        reported_error error;
        check(api().flush(raw(), testhost::raw(error)), error);
    }

    std::uint32_t maintain(std::int64_t now_ms, std::uint32_t limit = 1000) {
        std::uint32_t removed = 0;
        reported_error error;
        check(api().maintain(raw(), now_ms, limit, &removed, testhost::raw(error)), error);
        return removed;
    }

  private:
    /// Records as they cross; borrows the texts.
    struct raw_batch {
        explicit raw_batch(const std::vector<record>& records)
            : marks(records.size()) {
            attributes.reserve(records.size());
            raws.reserve(records.size());
            for (const auto& each : records) {
                attributes.emplace_back();
                for (const auto& value : each.attributes) {
                    attributes.back().push_back(str(value));
                }
                raws.push_back({sizeof(frl_record), each.flags, str(each.collection), str(each.key), str(each.value),
                                each.expires_at_ms, attributes.back().data(),
                                static_cast<std::uint32_t>(attributes.back().size()), 0});
                pointers.push_back(&raws.back());
            }
        }

        [[nodiscard]] std::uint32_t count() const { return static_cast<std::uint32_t>(pointers.size()); }

        [[nodiscard]] std::vector<std::size_t> left_out() const {
            std::vector<std::size_t> places;
            for (std::size_t i = 0; i < marks.size(); ++i) {
                if (marks[i] != 0) {
                    places.push_back(i);
                }
            }
            return places;
        }

        std::vector<std::vector<frl_str>> attributes;
        std::vector<frl_record> raws;
        std::vector<const frl_record*> pointers;
        std::vector<std::uint8_t> marks;
    };

    static void check(frl_status status, const reported_error& error) {
        if (status != FRL_OK) {
            throw std::runtime_error(error.code + ": " + error.message);
        }
    }

    static std::int32_t on_row(void* arg, const frl_record* row) {
        record made{text(row->collection), text(row->key), text(row->value), {}, row->expires_at_ms, row->flags};
        for (std::uint32_t i = 0; i < row->attribute_count; ++i) {
            made.attributes.push_back(text(row->attributes[i]));
        }
        static_cast<std::vector<record>*>(arg)->push_back(std::move(made));
        return 0;
    }
};

} // namespace ferrule::testhost
