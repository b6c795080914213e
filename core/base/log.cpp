#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/redact.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace ferrule::base::log {

namespace {

std::atomic<bool> as_json{false};

// The level by the name that the configuration has for it; spdlog's own is "warning".
class level_name final : public spdlog::custom_flag_formatter {
    void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& to) override {
        constexpr std::string_view names[] = {"trace", "debug", "info ", "warn ", "error", "error", "     "};
        const auto name = names[static_cast<std::size_t>(line.level)];
        to.append(name.data(), name.data() + name.size());
    }

    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<level_name>();
    }
};

std::unique_ptr<spdlog::formatter> text_lines() {
    auto made = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    made->add_flag<level_name>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%*%$ %v");
    return made;
}

spdlog::logger& sink() {
    static const auto logger = [] {
        auto made =
            std::make_shared<spdlog::logger>("ferrule", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
        made->set_formatter(text_lines());
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *logger;
}

spdlog::level::level_enum translate(level at) noexcept {
    switch (at) {
    case level::trace:
        return spdlog::level::trace;
    case level::debug:
        return spdlog::level::debug;
    case level::info:
        return spdlog::level::info;
    case level::warn:
        return spdlog::level::warn;
    case level::error:
        break;
    }
    return spdlog::level::err;
}

std::string_view name_of(level at) noexcept {
    switch (at) {
    case level::trace:
        return "trace";
    case level::debug:
        return "debug";
    case level::info:
        return "info";
    case level::warn:
        return "warn";
    case level::error:
        break;
    }
    return "error";
}

std::string masked(const field& each) {
    return is_secret_key(each.key) ? std::string(redacted) : redact(each.value);
}

// One line stays one line: control characters of foreign text are escaped.
void append_escaped(std::string& line, std::string_view text) {
    for (const char c : text) {
        if (c == '\n')
            line += "\\n";
        else if (c == '\r')
            line += "\\r";
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            line += '?';
        else
            line += c;
    }
}

// A value ends where its quotes end, whatever it holds.
void append_quoted(std::string& line, std::string_view text) {
    line += '"';
    for (auto at = text.find_first_of("\"\\"); at != std::string_view::npos; at = text.find_first_of("\"\\")) {
        append_escaped(line, text.substr(0, at));
        line += '\\';
        line += text[at];
        text.remove_prefix(at + 1);
    }
    append_escaped(line, text);
    line += '"';
}

} // namespace

void configure(const settings& wanted) {
    as_json = wanted.json;
    sink().set_level(translate(wanted.minimum));
    if (wanted.json)
        sink().set_pattern("%v");
    else
        sink().set_formatter(text_lines());
}

bool enabled(level wanted) noexcept {
    return sink().should_log(translate(wanted));
}

void write(level at, std::string_view part, std::string_view message, std::span<const field> fields) {
    if (!enabled(at))
        return;
    if (as_json) {
        json line{{"time", to_rfc3339(system_clock().wall_now())},
                  {"level", name_of(at)},
                  {"part", part},
                  {"message", redact(message)}};
        for (const auto& each : fields)
            line["fields"][std::string(each.key)] = masked(each);
        sink().log(translate(at), "{}", dump(line));
        return;
    }
    std::string line(part);
    line += ": ";
    append_escaped(line, redact(message));
    for (const auto& each : fields) {
        line += ' ';
        line += each.key;
        line += '=';
        const auto value = masked(each);
        const bool quoted = value.empty() || value.find_first_of(" \t\"") != std::string::npos;
        if (quoted)
            append_quoted(line, value);
        else
            append_escaped(line, value);
    }
    sink().log(translate(at), "{}", line);
}

} // namespace ferrule::base::log
