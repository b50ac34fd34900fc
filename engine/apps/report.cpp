#include "apps/report.h"

#include <fmt/core.h>

#include "base/printable.h"
#include "daemon/exit_code.h"

namespace streamd::apps {

int report(const std::string& program, const Error& error) {
  fmt::print(stderr, "{}: {}\n", program, printable(error.message));
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", printable(error.hint));
  return daemon::exit_code(error.code);
}

}  // namespace streamd::apps
