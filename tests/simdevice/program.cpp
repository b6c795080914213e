#include "simdevice/program.hpp"

#include "simdevice/flavours.hpp"
#include "simdevice/text.hpp"

#include <algorithm>
#include <stdexcept>

namespace ferrule::simdevice {

std::string device_state::hostname() const {
    const std::lock_guard lock(mutex_);
    return hostname_;
}

void device_state::set_hostname(std::string name) {
    const std::lock_guard lock(mutex_);
    hostname_ = std::move(name);
}

bool device_state::use(std::size_t rule, std::uint64_t limit) {
    return limit == 0 || uses_[rule].fetch_add(1, std::memory_order_relaxed) < limit;
}

namespace {

void to_terminal(std::vector<ask_spec>& asks) {
    for (auto& ask : asks) {
        ask.prompt = to_crlf(ask.prompt);
        ask.say = to_crlf(ask.say);
        ask.otherwise = to_crlf(ask.otherwise);
    }
}

bool applies(const rule& candidate, std::string_view mode) {
    const auto& modes = candidate.spec.modes;
    return modes.empty() || std::find(modes.begin(), modes.end(), mode) != modes.end();
}

std::optional<std::vector<std::string>> groups_of(const rule& candidate, std::string_view line) {
    if (candidate.line) {
        return candidate.line->match(line);
    }
    const auto& text = candidate.spec.text;
    if (candidate.spec.match == command_spec::match_kind::prefix) {
        if (!line.starts_with(text)) {
            return std::nullopt;
        }
        std::vector<std::string> groups;
        groups.emplace_back(line);
        groups.emplace_back(line.substr(text.size()));
        return groups;
    }
    return std::vector<std::string>(1, std::string(line));
}

} // namespace

program::program(device_spec spec)
    : spec_(std::move(spec)) {
    if (spec_.hostname.empty()) {
        spec_.hostname = spec_.name;
    }
    if (spec_.users.empty()) {
        user_spec admin;
        admin.name = "admin";
        admin.password = "admin";
        spec_.users.push_back(admin);
    }
    adopt_flavour();
    try {
        for (auto& candidate : rules_) {
            candidate.spec.output = to_crlf(candidate.spec.output);
            to_terminal(candidate.spec.ask);
            if (candidate.spec.match == command_spec::match_kind::regex) {
                candidate.line.emplace(candidate.spec.text);
            }
            if (candidate.spec.match == command_spec::match_kind::exact) {
                exact_[candidate.spec.text].push_back(candidate.index);
            } else {
                others_.push_back(candidate.index);
            }
        }
        for (const auto& text : spec_.config_reject) {
            rejected_.emplace_back(text);
        }
        check();
    } catch (const std::invalid_argument& problem) {
        throw std::invalid_argument("device '" + spec_.name + "': " + problem.what());
    }
    to_terminal(spec_.login_dialog);
    spec_.motd = to_crlf(spec_.motd);
}

void program::adopt_flavour() {
    auto builtin = rules_of(spec_.kind, spec_.enable_password);
    exit_ends_connection_ = builtin.exit_ends_connection;
    modes_ = std::move(builtin.modes);
    if (spec_.start_mode.empty()) {
        spec_.start_mode = modes_.front().name;
    }
    for (const auto& own : spec_.modes) {
        const auto place =
            std::find_if(modes_.begin(), modes_.end(), [&](const mode_spec& mode) { return mode.name == own.name; });
        if (place == modes_.end()) {
            modes_.push_back(own);
        } else {
            *place = own;
        }
    }
    for (auto& mode : modes_) {
        mode.prompt = to_crlf(mode.prompt);
        mode.unknown = to_crlf(mode.unknown);
    }
    for (auto* commands : {&spec_.commands, &builtin.commands}) {
        for (auto& command : *commands) {
            auto& made = rules_.emplace_back();
            made.spec = std::move(command);
            made.index = rules_.size() - 1;
        }
    }
    spec_.commands.clear();
}

void program::check() const {
    mode(spec_.start_mode);
    for (const auto& candidate : rules_) {
        if (!candidate.spec.to_mode.empty()) {
            mode(candidate.spec.to_mode);
        }
        for (const auto& name : candidate.spec.modes) {
            mode(name);
        }
    }
}

const mode_spec& program::mode(std::string_view name) const {
    for (const auto& candidate : modes_) {
        if (candidate.name == name) {
            return candidate;
        }
    }
    std::string known;
    for (const auto& candidate : modes_) {
        known += (known.empty() ? "" : ", ") + candidate.name;
    }
    throw std::invalid_argument("no mode '" + std::string(name) + "'; it has: " + known);
}

found_rule program::find(std::string_view mode, std::string_view line, device_state& state) const {
    static const std::vector<std::size_t> none;
    const auto place = exact_.find(std::string(line));
    const auto& exact = place == exact_.end() ? none : place->second;
    auto next_exact = exact.begin();
    auto next_other = others_.begin();
    while (next_exact != exact.end() || next_other != others_.end()) {
        const bool take_exact = next_exact != exact.end() && (next_other == others_.end() || *next_exact < *next_other);
        const auto& candidate = rules_[take_exact ? *next_exact++ : *next_other++];
        if (!applies(candidate, mode)) {
            continue;
        }
        auto groups = groups_of(candidate, line);
        if (groups && state.use(candidate.index, candidate.spec.times)) {
            return {&candidate, std::move(*groups)};
        }
    }
    return {};
}

bool program::rejects(std::string_view line) const {
    return std::any_of(rejected_.begin(), rejected_.end(),
                       [&](const pattern& refused) { return refused.match(line).has_value(); });
}

} // namespace ferrule::simdevice
