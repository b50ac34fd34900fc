// A driver: a shared object that was found, trusted, loaded and understood. Loaded once and never
// unloaded, since threads and static state of a driver may outlive any use of it.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"

struct streamd_driver;  // <streamd/driver.h>

namespace streamd::storage {

// What a driver says about one of its options.
struct DriverOption {
  std::string name;  // the key in the configuration
  std::string type;  // string int bool size duration path
  std::string default_value;
  std::string help;
  bool required = false;
  bool secret = false;
};

// Immutable after load; any thread.
class DriverLibrary {
 public:
  // From an absolute path. Each refusal is one sentence that names the file, what was found and
  // what was expected: kNotFound, kPermission (not trusted), kInvalidConfig (no driver),
  // kUnsupported (it declined this host).
  static Result<std::shared_ptr<const DriverLibrary>> load(const std::string& path);

  const std::string& path() const { return path_; }  // symbolic links resolved
  const std::string& name() const { return name_; }  // [a-z0-9_]+, `driver` in the configuration
  const std::string& version() const { return version_; }
  const std::string& summary() const { return summary_; }
  const std::vector<DriverOption>& options() const { return options_; }
  // Members that the driver does not have are zero. Lives as long as the process.
  const streamd_driver& api() const { return *api_; }

 private:
  DriverLibrary() = default;
  Status take_over(const streamd_driver* theirs);
  std::string path_, name_, version_, summary_;
  std::vector<DriverOption> options_;
  std::shared_ptr<const streamd_driver> api_;
};

// One line of `streamctl drivers list`.
struct DriverListing {
  std::string name;  // by the driver, or by the file's name when it was refused
  std::string version, summary, path;
  bool refused = false;
  Error why;  // when refused
};

// The drivers in the configured folders, libstreamd-<name>.so each; the first folder that has one
// wins. Any thread.
class Drivers {
 public:
  explicit Drivers(std::vector<std::string> folders) : folders_(std::move(folders)) {}
  // kNotFound, with the drivers that are there in the hint; else as DriverLibrary::load.
  Result<std::shared_ptr<const DriverLibrary>> find(const std::string& name);
  // All that have a driver's file name, refused ones too, by folder and name.
  std::vector<DriverListing> list();
  const std::vector<std::string>& folders() const { return folders_; }

 private:
  Result<std::shared_ptr<const DriverLibrary>> load(const std::string& name,
                                                    const std::string& path);
  std::vector<std::string> folders_;
  std::mutex mutex_;  // guards loaded_, and entries of drivers are called one at a time
  std::map<std::string, std::shared_ptr<const DriverLibrary>> loaded_;  // by path
};

}  // namespace streamd::storage
