#include "config/problem.hpp"

#include "base/json.hpp"

#include <algorithm>
#include <tuple>

namespace ferrule::config {

std::string to_text(const problem& shown) {
    std::string text = shown.file;
    if (shown.at.line > 0)
        text += ":" + std::to_string(shown.at.line) + ":" + std::to_string(shown.at.column);
    if (!shown.path.empty())
        text += (text.empty() ? "" : ": ") + shown.path;
    return text + (text.empty() ? "" : ": ") + shown.message;
}

void problems::add(std::string_view file, position at, std::string_view path, std::string message) {
    errors_.push_back({std::string(file), at, std::string(path), std::move(message)});
}

void problems::warn(std::string_view file, position at, std::string_view path, std::string message) {
    warnings_.push_back({std::string(file), at, std::string(path), std::move(message)});
}

std::vector<std::string> problems::warnings() const {
    std::vector<std::string> lines;
    lines.reserve(warnings_.size());
    for (const auto& each : warnings_)
        lines.push_back(to_text(each));
    return lines;
}

error problems::to_error(std::string_view code) const {
    // Files stay in the order in which they were read.
    std::vector<std::string> files;
    for (const auto& each : errors_)
        if (std::find(files.begin(), files.end(), each.file) == files.end())
            files.push_back(each.file);
    auto sorted = errors_;
    std::stable_sort(sorted.begin(), sorted.end(), [&files](const problem& left, const problem& right) {
        const auto rank = [&files](const problem& of) {
            return std::tuple(std::find(files.begin(), files.end(), of.file) - files.begin(), of.at.line, of.at.column);
        };
        return rank(left) < rank(right);
    });
    std::string message;
    auto list = base::json::array();
    for (const auto& each : sorted) {
        message += (message.empty() ? "" : "\n") + to_text(each);
        list.push_back({{"file", each.file},
                        {"line", each.at.line},
                        {"column", each.at.column},
                        {"path", each.path},
                        {"message", each.message}});
    }
    return error(std::string(code), message, false, base::dump(base::json{{"problems", std::move(list)}}));
}

} // namespace ferrule::config
