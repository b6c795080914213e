// Reads query parameters, headers and bodies with complaints that name the parameter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "http/request.hpp"
#include "model/target.hpp"

namespace ferrule::api {

inline constexpr std::uint32_t default_limit = 50;
inline constexpr std::uint32_t most_limit = 1000;

/// Reads the parameters of one request; the first fault is kept. Use: construct, read all, then `if (reader.fault())
/// …`. The request must outlive it.
class parameter_reader {
  public:
    explicit parameter_reader(const http::request& asked);

    /// At most once; empty is a fault.
    std::optional<std::string> text(std::string_view name, std::size_t most = 512);
    std::uint32_t limit();
    /// The `next` of a page of things that have ids; empty when it is not there.
    std::string id_cursor();
    bool boolean(std::string_view name);
    std::optional<base::duration> time_span(std::string_view name, base::duration most);
    std::optional<std::uint64_t> number(std::string_view name);
    /// `name=key=value`, as often as wanted.
    model::labels labels(std::string_view name);
    /// Idempotency-Key: 1 to 255 visible ASCII characters; empty when it is not there.
    std::string idempotency_key();

    void complain(std::string_view name, std::string_view message);

    [[nodiscard]] const std::optional<base::error>& fault() const noexcept { return fault_; }

  private:
    const http::request& asked_;
    std::optional<base::error> fault_;
};

/// The body as JSON; an empty one is `invalid_json` with a sentence of its own.
result<base::json> read_body(const http::request& asked);

} // namespace ferrule::api
