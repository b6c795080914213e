// Recognises API callers by their bearer token.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "devices/turns.hpp"
#include "model/token.hpp"
#include "store/store.hpp"

namespace ferrule::devices {

namespace asio = boost::asio;

/// BLAKE2b-256 of a token's text in hex: the form in which tokens are kept.
std::string hash_token(std::string_view text);

/// The tokens that are valid, in memory over the store. Thread-safe; `load` once, before anything else.
class tokens {
  public:
    /// The collections that this class keeps in the store.
    static std::vector<store::collection> collections();

    explicit tokens(store::store& records, const base::clock& clock = base::system_clock());

    /// Reads the stored ones and adds those of the configuration, whose ids start with `config:`.
    asio::awaitable<result<void>> load(std::vector<model::token> configured);
    [[nodiscard]] bool empty() const;

    /// The token's entry if `text` is one and has not expired.
    [[nodiscard]] std::shared_ptr<const model::token> recognise(std::string_view text, base::wall_time now) const;
    /// Whether a token that was recognised once is still one: for what goes on for long.
    [[nodiscard]] bool holds(const model::token& recognised, base::wall_time now) const;
    [[nodiscard]] std::vector<std::shared_ptr<const model::token>> list() const;

    struct made {
        std::shared_ptr<const model::token> entry;
        base::secret text; ///< Shown once, kept nowhere.
    };

    /// Makes a token `frl_…` and its durable entry.
    asio::awaitable<result<made>> make(std::string name, model::role may, std::optional<base::wall_time> expires_at);
    /// Ends it at once. `token_not_found`; `last_admin` when no other valid admin token would be left.
    asio::awaitable<result<void>> revoke(std::string id);
    /// Ends it whatever it is; for one that never reached its owner.
    asio::awaitable<result<void>> forget(std::string id);

  private:
    store::store& records_;
    const base::clock& clock_;
    turns endings_{1}; ///< One at a time, so that two cannot each leave the other as the last admin.
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::shared_ptr<const model::token>> by_hash_;
};

} // namespace ferrule::devices
