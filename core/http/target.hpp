// Reads the request target: path and query, decoded once and for all.
#pragma once

#include "base/error.hpp"
#include "http/request.hpp"

namespace ferrule::http {

/// Fills segments and query from the target in origin form (`/path?query`), absolute form (`http://host/path`, RFC 9112
/// section 3.2.2) or, for OPTIONS, `*`, which has no segments. Segments are split before they are decoded, so `%2F`
/// never makes two. Fails with `bad_request` for any other form, a broken escape, a control character or bytes that are
/// not UTF-8.
result<void> read_target(request& asked);

} // namespace ferrule::http
