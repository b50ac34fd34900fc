// Values as Litestream reads them, in streamd's spelling. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace streamd::config {

// 1h30m, 1.5h, 250ms, 10us; a bare number is nanoseconds. Up to the next millisecond; nullopt for
// anything else, negative ones too.
std::optional<milliseconds> parse_go_duration(std::string_view text);

// $NAME and ${NAME} as ${NAME}, what Litestream replaces with nothing ($1, $$) as nothing, any
// other dollar sign as $$.
std::string convert_variables(std::string_view text);
bool has_variable(std::string_view text);  // of a converted one

}  // namespace streamd::config
