#include "base/error.hpp"

#include <stdexcept>

namespace ferrule::base {

error::error(std::string code, std::string message, bool retryable, std::string details)
    : code_(std::move(code))
    , message_(std::move(message))
    , details_(std::move(details))
    , retryable_(retryable) {}

error::error() = default;
error::error(const error&) = default;
error::error(error&&) noexcept = default;
error& error::operator=(const error&) = default;
error& error::operator=(error&&) noexcept = default;
error::~error() = default;

error error::within(std::string_view prefix) const {
    return error(code_, std::string(prefix) + ": " + message_, retryable_, details_);
}

void throw_exception_from_error(const error& what, const boost::source_location&) {
    throw std::runtime_error(what.code() + ": " + what.message());
}

} // namespace ferrule::base
