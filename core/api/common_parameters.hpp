// The query parameters and headers that several routes take, as their documentation tells of them.
#pragma once

#include <string_view>

#include "api/endpoint.hpp"
#include "base/clock.hpp"

namespace ferrule::api {

/// What `parameter_reader::limit` reads.
parameter limit_parameter();
/// What continues a list: the `next` of the page before.
parameter cursor_parameter();
/// `what` is waited for, as in "the job's end"; `most` is the longest span that is taken.
parameter wait_parameter(std::string_view what, base::duration most);
/// What `parameter_reader::idempotency_key` reads; `what` is made once, as in "job".
parameter idempotency_parameter(std::string_view what);

} // namespace ferrule::api
