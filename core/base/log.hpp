// One log line: what happened, in which part, with which fields.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace ferrule::base::log {

enum class level { trace, debug, info, warn, error };

/// A field of a line. The value is masked when is_secret_key(key).
struct field {
    std::string_view key;
    std::string value;
};

/// Where lines go and which: text for people or one JSON object a line; stderr by default.
struct settings {
    level minimum = level::info;
    bool json = false;
};

/// Applies settings to the whole process. Thread-safe; lines already written stay as they are.
void configure(const settings& wanted);
/// Whether a line of this level would be written; to skip costly preparation.
bool enabled(level wanted) noexcept;

/// Writes one line. `part` is the floor or plugin (`plugins`, `driver.ssh`), `message` a sentence without its end mark;
/// both the message and the values pass through redact(). Thread-safe.
void write(level at, std::string_view part, std::string_view message, std::span<const field> fields);

inline void debug(std::string_view part, std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::debug, part, message, std::span(fields.begin(), fields.size()));
}

inline void info(std::string_view part, std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::info, part, message, std::span(fields.begin(), fields.size()));
}

inline void warn(std::string_view part, std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::warn, part, message, std::span(fields.begin(), fields.size()));
}

inline void error(std::string_view part, std::string_view message, std::initializer_list<field> fields = {}) {
    write(level::error, part, message, std::span(fields.begin(), fields.size()));
}

} // namespace ferrule::base::log
