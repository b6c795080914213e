// How blackbox_exporter, a Go program, writes durations, sizes, patterns and templates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace ferrule::probes::blackbox {

/// A duration as Go reads it: `5s`, `1m30s`, `1.5s`, `500ms`; `0` needs no unit. None for anything else, negative ones
/// and those beyond 24 hours included.
std::optional<base::duration> go_duration(std::string_view text);

/// A size as blackbox_exporter reads it: `10MB` and `10MiB` are both 10 times 1024 times 1024 bytes, `512B` are bytes.
/// None without a unit, and beyond 1 PiB.
std::optional<std::uint64_t> go_size(std::string_view text);

/// A pattern of Go's (RE2) as one of PCRE2 that matches the same: `$` is the end of the text and not also the place
/// before a last line end, and places such as `^` may be repeated. Look-arounds and the like, which Go refuses, pass.
std::string pcre_of(std::string_view pattern);

/// A template of Go's as one of the probe tcp: in Go `$1x` is the group named `1x`, and a text without an `expect` is
/// no template at all.
std::string template_of(std::string_view text, bool has_captures);

} // namespace ferrule::probes::blackbox
