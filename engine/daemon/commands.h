// What the control socket asks of the process as a whole: of its configuration and its end.
#pragma once
#include <string>
#include <vector>

#include "base/json.h"

namespace streamd::daemon {

// Any thread. The answers are described in docs/control-api.yaml.
class Commands {
 public:
  virtual ~Commands() = default;
  // Reads the configuration anew. kInvalidConfig with all problems when it is wrong: the one in
  // effect stays.
  virtual Result<Json> reload() = 0;
  virtual Result<Json> register_database(const std::string& path,
                                         const std::vector<std::string>& urls) = 0;
  virtual Result<Json> unregister_database(const std::string& path) = 0;
  // Ends the daemon as SIGTERM does, and waits for that. `merge`: a database whose log is left,
  // because others have it open, is a failure.
  virtual Result<Json> stop(bool merge) = 0;
};

}  // namespace streamd::daemon
