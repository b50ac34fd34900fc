// The root folder of a store, and the guard against a drive that is not mounted.
//
// A store is recognised by its marker, a file ".streamd-store" in the root that holds a random id.
// The root is opened anew for each operation: nothing keeps the drive from being unmounted between
// two, and a mount or unmount is seen at once. docs/adr/ has the reasons.
#pragma once
#include <sys/types.h>

#include <mutex>
#include <optional>
#include <streamd/driver.hpp>
#include <string>

#include "descriptor.h"

namespace streamd::file_driver {

inline constexpr const char* kMarkerName = ".streamd-store";

struct RootOptions {
  std::string path;    // absolute, no '/' at the end
  std::string mount;   // must be a mount point while we work; "" = not asked for
  bool create = true;  // make the root and its marker when there are none
  std::string fstab = "/etc/fstab";
};

// Any thread.
class StoreRoot {
 public:
  explicit StoreRoot(RootOptions options) : options_(std::move(options)) {}
  const std::string& path() const { return options_.path; }

  // OK with an invalid descriptor: nothing was ever stored here. TRANSIENT: the drive is away.
  streamd_code open_to_read(const sdk::Call& call, Descriptor& root);
  // Makes root and marker where there are none; INVALID_CONFIG when the folder holds other things.
  streamd_code open_to_write(const sdk::Call& call, Descriptor& root);

 private:
  struct Marker {
    dev_t device;
    ino_t inode;
    std::string id;
  };
  streamd_code look(const sdk::Call& call, Descriptor& root, bool& has_marker);
  streamd_code recognise(const sdk::Call& call, const Descriptor& root, bool& has_marker);
  streamd_code refuse_if_away(const sdk::Call& call) const;
  streamd_code make_marker(const sdk::Call& call, const Descriptor& root);
  streamd_code away(const sdk::Call& call, const std::string& why) const;

  const RootOptions options_;
  std::mutex mutex_;             // guards the rest, and the making of root and marker
  std::optional<Marker> known_;  // the store this instance works on, once seen
};

}  // namespace streamd::file_driver
