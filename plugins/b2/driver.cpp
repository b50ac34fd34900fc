// The driver for Backblaze B2, on its native API.
#include "store.h"

namespace streamd::b2 {
namespace {

struct B2Driver {
  static constexpr const char* kName = "b2";
  static constexpr const char* kVersion = "1.0";
  static constexpr const char* kSummary = "a bucket at Backblaze B2, by its native API";
  static constexpr streamd_option kOptions[] = {STREAMD_B2_OPTIONS, {}};
  static const void* extension(const char* id) { return cloud::expiry_extension<Store>(id); }
  static streamd_code open(const sdk::Options& options, const sdk::Call& call,
                           std::unique_ptr<sdk::Driver>& instance) {
    return Store::open(options, call, instance);
  }
};

}  // namespace
}  // namespace streamd::b2

STREAMD_DRIVER(streamd::b2::B2Driver)
