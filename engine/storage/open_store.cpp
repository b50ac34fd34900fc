#include "storage/open_store.h"

#include <utility>

namespace streamd::storage {

Result<OpenedStore> open_store(std::shared_ptr<const DriverLibrary> library, const StoreSpec& spec,
                               const Timing& timing) {
  auto driver = TRY(DriverStore::open(std::move(library), spec.settings));
  auto opened = TRY(decorate(driver, spec, timing));
  opened.driver = std::move(driver);
  return opened;
}

Result<OpenedStore> decorate(std::shared_ptr<Store> store, const StoreSpec& spec,
                             const Timing& timing) {
  auto metrics = std::make_shared<StoreMetrics>();
  store = with_faults(std::move(store), TRY(parse_faults(spec.fault)), spec.fault_seed);
  store = with_metrics(std::move(store), metrics, timing);
  store = with_throttle(std::move(store), spec.limits, timing);
  store = with_retry(std::move(store), spec.retry, timing);
  return OpenedStore{with_prefix(std::move(store), spec.prefix), std::move(metrics), nullptr};
}

}  // namespace streamd::storage
