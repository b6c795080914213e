// Recognises a request that is sent again.
#pragma once

#include <mutex>
#include <string>
#include <unordered_set>

#include "model/job.hpp"

namespace ferrule::devices {

/// Keys that are being used for the first time right now; those of the past are in the store. It closes the gap between
/// the look-up there and the write. Thread-safe.
class idempotency {
  public:
    /// Claims the key until release; false while another request uses it.
    [[nodiscard]] bool claim(const std::string& key);
    /// The job is accepted, and the key stands in the store; or it was refused.
    void release(const std::string& key);

    /// The store's name for a client's key: bound to the token, and of fixed length.
    static std::string scoped(const std::string& owner, const std::string& key);
    /// Tells requests apart without keeping them: a hash over everything that was asked but the secrets, which must not
    /// be guessable from what is stored.
    static std::string fingerprint(const model::job_request& request);

  private:
    std::mutex mutex_;
    std::unordered_set<std::string> under_way_;
};

} // namespace ferrule::devices
