#include "app/cli/command_output.hpp"

namespace ferrule::app::cli {

namespace {

constexpr std::size_t longest_line = std::size_t{64} * 1024;

} // namespace

command_output::command_output(sink to)
    : to_(std::move(to)) {}

void command_output::line(const std::string& host, bool err, std::string_view text) {
    to_(err, host + " | " + std::string(text) + "\n");
}

void command_output::take(const std::string& host, bool err, std::string_view text) {
    if (host.empty())
        return to_(err, text);
    auto& begun = begun_[{host, err}];
    while (!text.empty()) {
        const auto end = text.find('\n');
        begun += text.substr(0, end);
        if (end == std::string_view::npos && begun.size() < longest_line)
            return;
        line(host, err, begun);
        begun.clear();
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

void command_output::finish(const std::string& host) {
    for (const bool err : {false, true}) {
        const auto at = begun_.find({host, err});
        if (at == begun_.end())
            continue;
        if (!at->second.empty())
            line(host, err, at->second);
        begun_.erase(at);
    }
}

} // namespace ferrule::app::cli
