// A rule by which a storage removes objects by itself.
#pragma once
#include <cstdint>
#include <string>

namespace streamd::storage {

struct ExpiryRule {
  bool archives = false;  // the object is moved to where it cannot be read at once; else it is gone
  std::uint32_t days = 0;  // age of an object at which it is met; 0 = on a date, or at once
  std::string prefix;      // of whole keys, also above the replica's own
  std::string name;        // as the store shows it; may be empty
};

}  // namespace streamd::storage
