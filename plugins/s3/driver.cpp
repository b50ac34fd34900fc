// The S3 driver: AWS, and every store that speaks its language (plugins/s3_family/profile.cpp).
#include "store.h"

namespace streamd::s3 {
namespace {

struct S3Driver {
  static constexpr const char* kName = "s3";
  static constexpr const char* kVersion = "1.0";
  static constexpr const char* kSummary = "a bucket on AWS S3 or a store that speaks its language";
  static constexpr streamd_option kOptions[] = {
      {"bucket", "string", nullptr, "the bucket, or the ARN of an access point",
       STREAMD_OPTION_REQUIRED, 0},
      {"region", "string", nullptr, "region of the bucket (default: what the endpoint says)", 0, 0},
      {"endpoint", "string", nullptr, "host of another store than AWS, or its URL", 0, 0},
      {"profile", "string", nullptr,
       "aws, ceph, garage, minio, generic, ... as docs/providers.md lists (default: by the "
       "endpoint)",
       0, 0},
      {"address-style", "string", "auto", "where the bucket is named: auto, path or host", 0, 0},
      {"dual-stack", "bool", "false", "AWS: the endpoint that also has IPv6", 0, 0},
      STREAMD_S3_COMMON_OPTIONS,
      {}};
  static const void* extension(const char* id) { return expiry_extension<Store>(id); }
  static streamd_code open(const sdk::Options& options, const sdk::Call& call,
                           std::unique_ptr<sdk::Driver>& instance) {
    return Store::open(options, call, {}, instance);
  }
};

}  // namespace
}  // namespace streamd::s3

STREAMD_DRIVER(streamd::s3::S3Driver)
