// Opens a storage as the engine uses it: the driver with its decorators, in the one right order.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "storage/driver_library.h"
#include "storage/driver_store.h"
#include "storage/fault_store.h"
#include "storage/observe_store.h"
#include "storage/prefix_store.h"
#include "storage/retry_store.h"
#include "storage/throttle_store.h"

namespace streamd::storage {

struct StoreSpec {
  std::vector<DriverSetting> settings;  // of the driver, checked against its options
  std::string prefix;                   // of keys, without slashes at its ends; may be empty
  RetryPolicy retry;
  ThrottleLimits limits;
  std::string fault;  // see fault_store.h; empty = none
  std::uint64_t fault_seed = 1;
};

struct OpenedStore {
  std::shared_ptr<Store> store;
  std::shared_ptr<StoreMetrics> metrics;  // of every attempt on it
  std::shared_ptr<DriverStore> driver;    // below all decorators; nullptr = over another store
};

// No network yet; call store->probe() first to lift the limit of one operation at a time.
Result<OpenedStore> open_store(std::shared_ptr<const DriverLibrary> library, const StoreSpec& spec,
                               const Timing& timing = real_timing());
// The same decorators over any store; `spec.settings` is not used.
Result<OpenedStore> decorate(std::shared_ptr<Store> store, const StoreSpec& spec,
                             const Timing& timing = real_timing());

}  // namespace streamd::storage
