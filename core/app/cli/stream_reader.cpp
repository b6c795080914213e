#include "app/cli/stream_reader.hpp"

#include <utility>

namespace ferrule::app::cli {

void stream_reader::take(std::string_view bytes) {
    rest_ += bytes;
    std::size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
        auto line = std::string_view(rest_).substr(begin, end - begin);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        take_line(line);
        begin = end + 1;
    }
    rest_.erase(0, begin);
}

std::optional<stream_event> stream_reader::next() {
    if (ready_.empty())
        return std::nullopt;
    auto first = std::move(ready_.front());
    ready_.pop_front();
    return first;
}

void stream_reader::take_line(std::string_view line) {
    if (line.empty()) {
        if (std::exchange(has_data_, false))
            ready_.push_back(std::move(growing_));
        growing_ = {};
        return;
    }
    const auto colon = line.find(':');
    const auto field = line.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' '))
        value.remove_prefix(1);
    if (field == "event") {
        growing_.name = value;
    } else if (field == "data") {
        if (has_data_)
            growing_.data += '\n';
        growing_.data += value;
        has_data_ = true;
    }
}

} // namespace ferrule::app::cli
