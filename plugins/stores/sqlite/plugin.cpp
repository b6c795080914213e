// SPDX-License-Identifier: Apache-2.0
// The store plugin "sqlite": records in one SQLite file, for a single machine and without any service to run.
#include "files.hpp"
#include "readers.hpp"
#include "settings.hpp"
#include "writer.hpp"

#include <ferrule/sdk/store.hpp>

#include <sqlite3.h>

#include <memory>
#include <mutex>
#include <optional>

namespace {

using namespace ferrule;

// SQLite takes a lock for each allocation only to count them. Refused, without harm, once SQLite is in use.
void set_up_library() {
    static std::once_flag once;
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

class sqlite_store final : public sdk::store {
  public:
    void configure(std::string_view config_json) override {
        const auto wanted = sqlite::read_settings(config_json);
        set_up_library();
        sqlite::make_folder(wanted.path);
        lock_.emplace(wanted.path);
        sqlite::make_file(wanted.path);
        writer_.emplace(wanted, host());
        readers_.emplace(wanted);
    }

    ~sqlite_store() override {
        readers_.reset(); // the last connection to close folds the log in, and that must be the writer's
        if (!writer_)
            return;
        try {
            writer_->flush();
        } catch (const sdk::failure& what) {
            host().fail("the last flush failed", {{"reason", what.error().message()}});
        }
    }

    void put(std::span<const sdk::record_view> records, sdk::left_out& taken) override { writer_->put(records, taken); }

    bool try_put(std::span<const sdk::record_view> records, sdk::left_out& taken) override {
        return writer_->try_put(records, taken);
    }

    void get(std::string_view collection, std::string_view key, const sdk::row_sink& row) override {
        readers_->get(collection, key, row);
    }

    void scan(const sdk::scan_view& what, const sdk::row_sink& row) override { readers_->scan(what, row); }

    void flush() override { writer_->flush(); }

    std::uint32_t maintain(std::int64_t now_ms, std::uint32_t limit) override {
        return writer_->maintain(now_ms, limit);
    }

  private:
    std::optional<sqlite::file_lock> lock_;
    std::optional<sqlite::writer> writer_;
    std::optional<sqlite::readers> readers_;
};

} // namespace

FERRULE_STORE(sqlite_store, "sqlite", "1.0.0", "Keeps records in one SQLite file on this machine", R"({
  "type": "object",
  "required": ["path"],
  "additionalProperties": false,
  "properties": {
    "path": {"type": "string", "minLength": 1, "description": "The database file; missing folders are made"},
    "durability": {"enum": ["normal", "full"], "default": "normal",
      "description": "normal survives the end of the process, full also a power cut"},
    "cache_mb": {"type": "integer", "minimum": 1, "maximum": 65536, "default": 16,
      "description": "Page cache of the writer"},
    "wal_limit_mb": {"type": "integer", "minimum": 4, "maximum": 65536, "default": 64,
      "description": "Size of the write-ahead log at which writing waits until it is folded into the database"},
    "collections": {"type": "array", "items": {"type": "object", "required": ["name"], "additionalProperties": false,
      "properties": {"name": {"type": "string"}, "attributes": {"type": "array", "items": {"type": "string"}}}}}
  }
})");
