// The Date header.
#pragma once

#include <string_view>

namespace ferrule::http {

/// The current time as an IMF-fixdate (RFC 9110, section 5.6.7). Made once a second and thread; the text is valid until
/// the next call on the thread.
std::string_view http_date();

} // namespace ferrule::http
