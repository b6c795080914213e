// The devices and credentials that are known, from YAML and by REST.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "devices/turns.hpp"
#include "devices/vault.hpp"
#include "model/page.hpp"
#include "model/target.hpp"
#include "store/store.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// The live inventory: a map in memory over records in the store. What YAML brought has origin `file` and cannot be
/// changed by REST; the rest is durable before a change is answered. Credentials are sealed by the vault at rest.
/// Thread-safe; `load` once, before anything else.
class inventory {
  public:
    /// The collections that this class keeps in the store.
    static std::vector<store::collection> collections();

    inventory(store::store& records, const vault& sealing);

    /// Takes the entries of the configuration and reads those of the store. A name in both is the file's, with a
    /// warning.
    asio::awaitable<result<void>> load(std::vector<model::device> devices, std::vector<model::credential> credentials);

    [[nodiscard]] std::shared_ptr<const model::device> find_device(std::string_view name) const;
    [[nodiscard]] std::shared_ptr<const model::credential> find_credential(std::string_view name) const;
    /// In order of name, after `cursor`, with all of `tags`.
    [[nodiscard]] model::page<std::shared_ptr<const model::device>> devices(std::string_view cursor, std::size_t limit,
                                                                            const model::labels& tags) const;
    [[nodiscard]] model::page<std::shared_ptr<const model::credential>> credentials(std::string_view cursor,
                                                                                    std::size_t limit) const;

    /// Makes or replaces; true when it is new. `read_only` for an entry of the configuration, `credential_not_found`
    /// for a reference to none.
    asio::awaitable<result<bool>> put(model::device entry);
    asio::awaitable<result<bool>> put(model::credential entry);
    /// `device_not_found`, `credential_not_found`, `read_only`, `in_use` (with the names of the devices that refer to
    /// it).
    asio::awaitable<result<void>> remove_device(std::string name);
    asio::awaitable<result<void>> remove_credential(std::string name);

    /// The nearest known device name, for errors; empty when none is near.
    [[nodiscard]] std::string nearest_device(std::string_view name) const;

  private:
    [[nodiscard]] result<void> check_references(const model::device& entry) const;
    [[nodiscard]] bool is_file_credential(std::string_view name) const;

    store::store& records_;
    const vault& sealing_;
    turns changes_{1}; ///< Each is checked, written and shown before the next, so that memory and disk agree.
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const model::device>, std::less<>> devices_;
    std::map<std::string, std::shared_ptr<const model::credential>, std::less<>> credentials_;
    std::vector<std::string> file_credentials_;
    std::uint64_t next_version_ = 1;
};

} // namespace ferrule::devices
