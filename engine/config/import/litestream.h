// A configuration of Litestream's as one of streamd's (docs/moving-from-litestream.md).
#pragma once
#include <string>
#include <string_view>

#include "config/problem.h"

namespace streamd::config {

struct Imported {
  std::string toml;   // passes `config check` when the variables that it names are set
  Problems warnings;  // what has no counterpart, each in a line
};

// litestream.yml of 0.3 or 0.5. What streamd writes goes beside Litestream's replicas, never into
// them: 0.3's retention removes generations that it does not know. Variables stay variables. A
// database or replica that streamd could not protect in the same way (another storage, encryption)
// is left out, with a warning. kInvalidConfig when the file cannot be read, or nothing is left.
Result<Imported> import_litestream(std::string_view text, const std::string& file);

}  // namespace streamd::config
