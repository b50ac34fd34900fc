// The driver for DigitalOcean Spaces: the S3 client with the region as all that is needed to find
// the endpoint. A Space is a bucket; a folder is no part of its name.
#include "store.h"

namespace streamd::s3 {
namespace {

struct SpacesDriver {
  static constexpr const char* kName = "spaces";
  static constexpr const char* kVersion = "1.0";
  static constexpr const char* kSummary = "a Space at DigitalOcean";
  static constexpr streamd_option kOptions[] = {
      {"bucket", "string", nullptr, "the Space, without a folder", STREAMD_OPTION_REQUIRED, 0},
      {"region", "string", nullptr, "region of the Space: nyc3, fra1, ...", 0, 0},
      {"endpoint", "string", nullptr, "host to use instead of REGION.digitaloceanspaces.com", 0, 0},
      {"address-style", "string", "auto", "where the Space is named: auto, path or host", 0, 0},
      STREAMD_S3_COMMON_OPTIONS,
      {}};

  static const void* extension(const char* id) { return expiry_extension<Store>(id); }
  static streamd_code open(const sdk::Options& options, const sdk::Call& call,
                           std::unique_ptr<sdk::Driver>& instance) {
    Dialect dialect;
    dialect.profile = "spaces";
    return Store::open(options, call, dialect, instance);
  }
};

}  // namespace
}  // namespace streamd::s3

STREAMD_DRIVER(streamd::s3::SpacesDriver)
