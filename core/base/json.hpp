// Strict JSON at the edges: no exceptions, duplicate keys and trailing text refused, a depth limit, and where the fault
// is.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"

namespace ferrule::base {

/// Reads one JSON value. Fails with `invalid_json` and the line and column; also for a duplicate key, text after the
/// value, invalid UTF-8 and nesting deeper than 64.
result<json> parse_json(std::string_view text);

/// Compact text; bytes that are not UTF-8 are replaced by U+FFFD, so it never fails.
std::string dump(const json& value);

/// The error as the object {"code","message","retryable","details"?} that plugins, jobs and the API share.
json to_json(const error& what);
/// Reads such an object; text that is none of it becomes `fallback_code` with a message that says so.
error error_from_json(std::string_view text, std::string_view fallback_code);

/// Reads the fields of one object with exact complaints. Each getter notes a missing or mistyped field under its path
/// (`device.port`); `finish` then also reports the keys that nobody asked for, with the nearest known one. Use:
/// construct, read all fields, then `if (auto bad = r.finish()) return *bad;`.
class object_reader {
  public:
    /// `value` must outlive the reader; `path` is empty at the top.
    explicit object_reader(const json& value, std::string path = {});

    std::optional<std::string> text(std::string_view key);
    std::string required_text(std::string_view key);
    std::string text_or(std::string_view key, std::string_view fallback);
    std::optional<bool> boolean(std::string_view key);
    bool boolean_or(std::string_view key, bool fallback);
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
    std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
    std::optional<double> number(std::string_view key);
    std::optional<duration> time_span(std::string_view key);
    duration time_span_or(std::string_view key, duration fallback);
    /// The member as it is, or nullptr; counts as asked for.
    const json* member(std::string_view key);
    const json* object(std::string_view key);
    const json* array(std::string_view key);
    std::vector<std::string> texts(std::string_view key);
    /// One of `allowed`; anything else is reported with the list.
    std::optional<std::string> one_of(std::string_view key, const std::vector<std::string_view>& allowed);

    /// Notes a complaint of the caller's own about `key`.
    void complain(std::string_view key, std::string_view message);
    /// The path of a member, for nested readers and messages.
    [[nodiscard]] std::string path_of(std::string_view key) const;
    /// Takes over the complaints of a nested reader, its unknown keys included.
    void absorb(object_reader& nested);
    /// The complaints as one error `code` with details {"problems":[{"path","message"}]}, or none. Of very many the
    /// first are told and the rest is counted; long names are cut.
    [[nodiscard]] std::optional<error> finish(std::string_view code = "invalid_request");

  private:
    struct problem {
        std::string path;
        std::string message;
    };

    const json* find(std::string_view key);
    void check_unknown();

    const json& value_;
    std::string path_;
    std::vector<std::string> known_;
    std::vector<problem> problems_;
    std::size_t untold_ = 0; ///< Problems beyond those that are kept.
    bool checked_ = false;
};

} // namespace ferrule::base
