// One-time permits to join the fleet.
#pragma once

#include <boost/asio/awaitable.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "model/target.hpp"
#include "store/store.hpp"

namespace ferrule::fleet {

namespace asio = boost::asio;

/// A join token at rest: only its hash is kept.
struct join_token {
    std::string id;
    std::string name; ///< Of the agent; empty lets the agent choose one that is free.
    model::labels tags;
    std::string region;
    std::string hash;
    base::wall_time created_at{};
    base::wall_time expires_at{};
    std::optional<base::wall_time> used_at;
    std::string used_by;   ///< Name of the agent that joined with it.
    std::string requester; ///< Hash of that agent's key, which may ask again in case the answer was lost.
};

/// The text of a join token in its parts: `frj1.FINGERPRINT.SECRET`, with the SHA-256 of the authority's certificate.
/// Fails with `join_token_invalid`.
result<std::string> authority_in(std::string_view token);

/// The tokens, in memory over the store; gone once they have expired. Thread-safe; `load` before anything else.
class join_tokens {
  public:
    static store::collection collection();

    join_tokens(store::store& records, const base::clock& clock);

    asio::awaitable<result<void>> load();
    [[nodiscard]] std::vector<join_token> list() const;

    struct made {
        join_token entry;
        base::secret text; ///< Shown once, kept nowhere.
    };

    /// `wanted` brings name, labels and region; `fingerprint` is the authority's.
    asio::awaitable<result<made>> make(join_token wanted, base::duration lifetime, std::string fingerprint);
    /// Fails with `join_token_not_found`.
    asio::awaitable<result<void>> remove(std::string id);

    /// Takes a token for the holder of this key, so that nobody else gets it meanwhile: settle() or release() must
    /// follow. Fails with `join_token_unknown`, `join_token_expired` or `join_token_used`.
    result<join_token> claim(std::string_view text, const std::string& requester);
    void release(const join_token& claimed);
    /// The record that says who used it, to be written together with the agent.
    [[nodiscard]] store::record record_of(const join_token& used) const;
    void settle(const join_token& used);

  private:
    void forget_expired();

    store::store& records_;
    const base::clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, join_token> by_hash_;
    std::set<std::string> claimed_; ///< Hashes.
};

} // namespace ferrule::fleet
