#include "environment.h"

#include <cstdlib>

namespace streamd::cloud {

std::string process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace streamd::cloud
