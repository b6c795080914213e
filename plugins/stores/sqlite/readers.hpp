// SPDX-License-Identifier: Apache-2.0
// All that only reads the database.
#pragma once

#include "database.hpp"
#include "query.hpp"
#include "settings.hpp"

#include <ferrule/sdk/store.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::sqlite {

/// One reading connection and the statements that it has prepared. Used by one thread at a time.
class reader {
  public:
    reader(const std::string& path, const std::vector<collection_settings>& collections);

    void get(const collection_settings& from, std::string_view key, const sdk::row_sink& row);
    void scan(const collection_settings& from, const sdk::scan_view& what, const sdk::row_sink& row);

  private:
    statement& prepared(const std::string& sql);
    std::size_t choose_driver(const collection_settings& from, const std::vector<filter>& filters);
    std::int64_t count(const collection_settings& from, const filter& wanted, std::int64_t most);
    static bool pass_on(statement& from, const collection_settings& of, std::vector<frl_str>& attributes,
                        const sdk::row_sink& row);

    database on_;
    std::map<std::string, statement, std::less<>> statements_;
    std::map<std::string, statement, std::less<>> gets_;
};

/// A few readers, opened when they are first needed. Calls come from any thread; one that finds all readers at work
/// waits for the next that is free. Each call sees one consistent snapshot and never waits for the writer.
class readers {
  public:
    explicit readers(const settings& wanted);

    void get(std::string_view collection, std::string_view key, const sdk::row_sink& row);
    void scan(const sdk::scan_view& what, const sdk::row_sink& row);

  private:
    /// A reader taken out of the pool for one call.
    class lease {
      public:
        explicit lease(readers& from);
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        ~lease();

        reader* operator->() const noexcept { return held_.get(); }

      private:
        readers& from_;
        std::unique_ptr<reader> held_;
    };

    [[nodiscard]] const collection_settings& find(std::string_view collection) const;

    const std::string path_;
    const std::vector<collection_settings> collections_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<reader>> idle_;
    unsigned made_ = 0;
};

} // namespace ferrule::sqlite
