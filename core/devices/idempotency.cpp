#include "devices/idempotency.hpp"

#include "base/json.hpp"
#include "model/job_json.hpp"

#include <sodium.h>

#include <array>

namespace ferrule::devices {

namespace {

std::string hash(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       nullptr, 0);
    std::string hex(digest.size() * 2 + 1, '\0');
    sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
    hex.pop_back();
    return hex;
}

} // namespace

bool idempotency::claim(const std::string& key) {
    const std::lock_guard lock(mutex_);
    return under_way_.insert(key).second;
}

void idempotency::release(const std::string& key) {
    const std::lock_guard lock(mutex_);
    under_way_.erase(key);
}

std::string idempotency::scoped(const std::string& owner, const std::string& key) {
    return hash(owner + "\n" + key);
}

std::string idempotency::fingerprint(const model::job_request& request) {
    return hash(model::request_text(request));
}

} // namespace ferrule::devices
