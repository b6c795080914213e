// A text that does not print.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace ferrule::base {

/// Holds a password, key or token so that it cannot slip into a log, an error or a listing: it has no stream operator
/// and no conversion to text, and its memory is wiped when it goes. `reveal()` is the one way in, so every use can be
/// found by searching for it. Comparison takes the same time whatever the contents.
class secret {
  public:
    secret() = default;
    explicit secret(std::string value);
    secret(const secret&) = default;
    secret(secret&& other) noexcept;
    secret& operator=(const secret& other);
    secret& operator=(secret&& other) noexcept;
    ~secret();

    [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

    [[nodiscard]] std::string_view reveal() const noexcept { return value_; }

    friend bool operator==(const secret& left, const secret& right) noexcept;

  private:
    void wipe() noexcept;
    std::string value_;
};

/// Overwrites a text with zeros in a way that the compiler keeps, then empties it.
void wipe(std::string& text) noexcept;

} // namespace ferrule::base
