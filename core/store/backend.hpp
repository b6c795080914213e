// The seam between this floor and a store plugin: everything that blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "store/record.hpp"

namespace ferrule::plugins {
class store;
}

namespace ferrule::store {

/// An open store. Every call but try_put blocks. put_batch, flush and maintain come from one thread at a time; get and
/// scan from any, also meanwhile. Destroying it closes the store with a last flush.
class backend {
  public:
    virtual ~backend() = default;

    /// Writes all records in one transaction, or none. `left_out` has a 0 for each record, which becomes 1 for an
    /// insert that was left out because its key exists. `record_too_large` (not retryable) says that the size of a
    /// record is what keeps it out.
    virtual result<void> put_batch(std::span<const record> records, std::span<std::uint8_t> left_out) = 0;

    /// Whether `try_put` may ever do anything.
    [[nodiscard]] virtual bool tries() const noexcept { return false; }

    /// The same as put_batch when that needs to wait for nothing; otherwise nothing is done, and none comes back. From
    /// any thread, but not while put_batch, flush or maintain runs.
    virtual std::optional<result<void>> try_put(std::span<const record>, std::span<std::uint8_t>) {
        return std::nullopt;
    }

    virtual result<std::optional<row>> get(std::string_view collection, std::string_view key) = 0;
    virtual result<std::vector<row>> scan(const query& wanted) = 0;
    virtual result<void> flush() = 0;
    /// Removes at most `limit` expired records and gives their number.
    virtual result<std::uint32_t> maintain(std::int64_t now_ms, std::uint32_t limit) = 0;
};

/// The backend over an open store plugin.
std::unique_ptr<backend> make_backend(std::shared_ptr<plugins::store> over);

} // namespace ferrule::store
