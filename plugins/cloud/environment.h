// The environment of the process, or a test's.
#pragma once
#include <functional>
#include <string>

namespace streamd::cloud {

// What a variable of the environment holds; "" = unset.
using Environment = std::function<std::string(const char* name)>;
std::string process_environment(const char* name);

}  // namespace streamd::cloud
