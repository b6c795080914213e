// Writes JSON straight into a text, for what is written often.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule::base {

/// Builds compact JSON without a tree of values between: a job's record and reply are written this way, at a tenth of
/// the cost. The caller pairs begin and end; commas are its own. Strings come out as `dump` writes them: bytes that are
/// not UTF-8 become U+FFFD.
class json_text {
  public:
    json_text();

    json_text& begin_object();
    json_text& end_object();
    json_text& begin_array();
    json_text& end_array();
    /// The name of the next value. It is written as it is, so it must need no escapes.
    json_text& key(std::string_view name);
    json_text& value(std::string_view text);

    /// A literal must not become a bool.
    json_text& value(const char* text) { return value(std::string_view(text)); }

    json_text& value(bool flag);
    json_text& value(std::int64_t number);
    /// Null when it is not finite.
    json_text& value(double number);
    json_text& null();
    /// What is JSON already.
    json_text& raw(std::string_view text);

    /// A member of an object.
    template <class T>
    json_text& member(std::string_view name, const T& content) {
        return key(name).value(content);
    }

    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    void separate();

    std::string out_;
    bool between_ = false; ///< Something stands before on the same level.
};

} // namespace ferrule::base
