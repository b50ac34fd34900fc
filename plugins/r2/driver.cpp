// The driver for Cloudflare R2: the S3 client with an endpoint made of the account and, where the
// bucket has one, its jurisdiction. The region is always "auto".
#include <algorithm>

#include "store.h"

namespace streamd::s3 {
namespace {

struct R2Driver {
  static constexpr const char* kName = "r2";
  static constexpr const char* kVersion = "1.0";
  static constexpr const char* kSummary = "a bucket on Cloudflare R2";
  static constexpr streamd_option kOptions[] = {
      {"bucket", "string", nullptr, "the bucket", STREAMD_OPTION_REQUIRED, 0},
      {"account-id", "string", nullptr, "the account: 32 hexadecimal digits", 0, 0},
      {"jurisdiction", "string", nullptr, "where the bucket was made to stay: eu or fedramp", 0, 0},
      {"endpoint", "string", nullptr, "host to use instead of ACCOUNT.r2.cloudflarestorage.com", 0,
       0},
      STREAMD_S3_COMMON_OPTIONS,
      {}};

  static const void* extension(const char* id) { return expiry_extension<Store>(id); }
  static streamd_code open(const sdk::Options& options, const sdk::Call& call,
                           std::unique_ptr<sdk::Driver>& instance) {
    const std::string account = options.text("account-id"), area = options.text("jurisdiction");
    const bool has_endpoint = !options.text("endpoint").empty();
    if (!has_endpoint && !is_account(account))
      return call.fail(STREAMD_INVALID_CONFIG,
                       "account-id must be the 32 hexadecimal digits of the account, not '%s'",
                       account.c_str());
    if (!area.empty() && area != "eu" && area != "fedramp")
      return call.fail(STREAMD_INVALID_CONFIG, "jurisdiction must be eu or fedramp, not '%s'",
                       area.c_str());
    Dialect dialect;
    dialect.profile = "r2";
    dialect.endpoint = account + (area.empty() ? "" : "." + area) + ".r2.cloudflarestorage.com";
    return Store::open(options, call, dialect, instance);
  }

 private:
  static bool is_account(const std::string& text) {
    return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
             return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
  }
};

}  // namespace
}  // namespace streamd::s3

STREAMD_DRIVER(streamd::s3::R2Driver)
