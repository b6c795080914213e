#include "base/secret.hpp"

#include <sodium.h>

namespace ferrule::base {

secret::secret(std::string value)
    : value_(std::move(value)) {}

secret::secret(secret&& other) noexcept
    : value_(other.value_) { // NOLINT(performance-move-constructor-init): wiped below
    other.wipe();            // a moved short string would leave its bytes behind
}

secret& secret::operator=(const secret& other) {
    if (this != &other) {
        wipe();
        value_ = other.value_;
    }
    return *this;
}

secret& secret::operator=(secret&& other) noexcept {
    if (this != &other) {
        wipe();
        value_ = other.value_;
        other.wipe();
    }
    return *this;
}

secret::~secret() {
    wipe();
}

void secret::wipe() noexcept {
    base::wipe(value_);
}

bool operator==(const secret& left, const secret& right) noexcept {
    return left.value_.size() == right.value_.size() &&
           sodium_memcmp(left.value_.data(), right.value_.data(), left.value_.size()) == 0;
}

void wipe(std::string& text) noexcept {
    sodium_memzero(text.data(), text.size());
    text.clear();
}

} // namespace ferrule::base
