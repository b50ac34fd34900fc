// What a value in the file stands for: ${NAME}, ${NAME:-default}, $$, file:PATH, credential:NAME.
// Only ever applied to the content of one string, so nothing can reach across the file's syntax.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace streamd::config {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// An unset variable without a default is an error that names it; a set but empty one is empty, and
// takes the default with `:-`.
Result<std::string> interpolate(std::string_view text, const Environment& environment);

struct Resolved {
  std::string text;
  bool literal = true;  // nothing came from outside of the file
};
// Interpolates, and reads file:PATH (absolute, without a final newline) or credential:NAME (below
// $CREDENTIALS_DIRECTORY). What was read is not interpolated again.
Result<Resolved> resolve_value(std::string_view written, const Environment& environment);

}  // namespace streamd::config
