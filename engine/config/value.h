// Values as people write them: 1h30m, 64MiB. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::config {

// `90s` `24h` `7d` `1h30m` `500ms`; units ms s m h d w, largest first, each once. A bare number is
// an error with a hint.
Result<milliseconds> parse_duration(std::string_view text);
// `512B` `64KiB` `64MiB` `2GiB` `1TiB`, and the powers of ten `kB` `MB` `GB` `TB`. Likewise.
Result<std::uint64_t> parse_size(std::string_view text);
Result<std::int64_t> parse_int(std::string_view text);
Result<bool> parse_bool(std::string_view text);  // true or false
// Octal, 0 to 0777.
Result<unsigned> parse_mode(std::string_view text);

std::string format_duration(milliseconds time);  // as short as parse_duration reads it back

}  // namespace streamd::config
