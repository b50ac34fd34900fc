// A Store over one opened instance of a driver: every call goes over the C ABI, and what a driver
// may not do (deliver too much, list what was not asked for, ...) becomes an error here.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "storage/driver_library.h"
#include "storage/expiry.h"
#include "storage/gate.h"
#include "storage/store.h"

namespace streamd::storage {

// A driver's option, checked against its schema, with its value as written after interpolation.
struct DriverSetting {
  std::string name, value;
};

// Until a probe succeeded one operation runs at a time, and keys are removed one by one: what the
// endpoint can do is not known before. Closes the instance at its end, when no call may be running.
class DriverStore final : public Store {
 public:
  // No network yet. kInvalidConfig when the driver refuses an option.
  static Result<std::shared_ptr<DriverStore>> open(std::shared_ptr<const DriverLibrary> library,
                                                   const std::vector<DriverSetting>& settings);
  ~DriverStore() override;
  DriverStore(const DriverStore&) = delete;
  DriverStore& operator=(const DriverStore&) = delete;

  Result<Capabilities> probe(const Call& call) override;
  Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                         const PutOptions& options, const Call& call) override;
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const Sink& sink, const Call& call) override;
  Result<ObjectStat> stat(const std::string& key, const Call& call) override;
  Status list(const std::string& prefix, const std::string& start_after, const ListSink& sink,
              const Call& call) override;
  Status remove(std::span<const std::string> keys, const Call& call) override;

  // kUnsupported: the driver or the endpoint knows no rules. kPermission: our key may not look.
  Result<std::vector<ExpiryRule>> expiry_rules(const Call& call);

 private:
  DriverStore(std::shared_ptr<const DriverLibrary> library, void* instance);
  Status remove_batch(std::span<const std::string> keys, const Call& call);
  Capabilities known() const;  // by the last successful probe
  const std::string& name() const { return library_->name(); }

  std::shared_ptr<const DriverLibrary> library_;
  void* instance_;
  Gate gate_{1};
  mutable std::mutex mutex_;
  Capabilities capabilities_;
};

}  // namespace streamd::storage
