// Server-sent events from bytes.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "app/cli/api_client.hpp"

namespace ferrule::app::cli {

/// Takes the bytes of a text/event-stream as they come and gives complete events (WHATWG HTML, section 9.2.6: `event`
/// and `data` fields, comments skipped).
class stream_reader {
  public:
    void take(std::string_view bytes);
    std::optional<stream_event> next();

  private:
    void take_line(std::string_view line);

    std::string rest_;
    stream_event growing_;
    bool has_data_ = false;
    std::deque<stream_event> ready_;
};

} // namespace ferrule::app::cli
