#include "settings.h"

#include <algorithm>

#include "digest.h"
#include "static_credentials.h"

namespace streamd::s3 {
namespace {

constexpr std::uint64_t kSmallestPart = 5u << 20;
constexpr std::uint64_t kLargestPart = std::uint64_t{5} << 30;

std::string filled_in(const std::string& pattern, const std::string& region) {
  const std::size_t at = pattern.find("{region}");
  return at == std::string::npos
             ? pattern
             : pattern.substr(0, at) + region + pattern.substr(at + std::string("{region}").size());
}

struct Arn {  // arn:aws:s3:us-west-2:123456789012:accesspoint/name
  std::string region, account, name;
  bool valid = false;
};
Arn parse_arn(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text)
    if (c == ':' || (c == '/' && parts.size() == 6))
      parts.emplace_back();
    else
      parts.back() += c;
  if (parts.size() != 7 || parts[2] != "s3" || parts[5] != "accesspoint") return {};
  return {parts[3], parts[4], parts[6],
          !parts[3].empty() && !parts[4].empty() && !parts[6].empty()};
}

bool is_bucket_name(const std::string& name) {
  return name.size() >= 3 && name.size() <= 255 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

// In a host name there are no capitals, and a '.' does not match the certificate's "*".
bool fits_host(const std::string& bucket, bool tls) {
  return std::all_of(bucket.begin(), bucket.end(), [tls](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c == '.' && !tls);
  });
}

// Reads one group of options each; the first problem ends it.
class Reader {
 public:
  Reader(const sdk::Options& options, const sdk::Call& call, const Dialect& dialect, Settings& out)
      : options_(options), call_(call), dialect_(dialect), out_(out) {}

  streamd_code run() {
    for (const auto step : {&Reader::place, &Reader::security, &Reader::sizes, &Reader::encryption})
      if (const streamd_code code = (this->*step)(); code != STREAMD_OK) return code;
    out_.credentials = {options_.text("access-key-id"), options_.text("secret-access-key"),
                        options_.text("session-token"), 0};
    out_.aws_profile = options_.text("credentials-profile");
    return STREAMD_OK;
  }

 private:
  streamd_code refuse(const std::string& why) const {
    return call_.fail(STREAMD_INVALID_CONFIG, "%s", why.c_str());
  }

  streamd_code find_profile_row(const Endpoint& endpoint) {
    std::string name = dialect_.profile;
    if (name.empty()) name = options_.text("profile");
    if (!name.empty()) {
      out_.profile = find_profile(name);
      if (out_.profile == nullptr)
        return refuse("profile '" + name + "' is none of " + profile_names());
    } else {
      out_.profile = endpoint.host.empty() ? find_profile("aws") : &profile_of_host(endpoint.host);
    }
    return STREAMD_OK;
  }

  void find_region(const Endpoint& endpoint) {
    out_.region = options_.text("region");
    if (out_.region.empty()) out_.region = region_in_host(endpoint.host, out_.profile->endpoint);
    if (out_.region.empty() && endpoint.host == "s3.amazonaws.com") out_.region = "us-east-1";
    if (out_.region.empty() && out_.profile->cloud_roles) {
      out_.region = process_environment("AWS_REGION");
      if (out_.region.empty()) out_.region = process_environment("AWS_DEFAULT_REGION");
    }
    if (out_.region.empty()) out_.region = out_.profile->region;
  }

  streamd_code place() {
    out_.bucket = options_.text("bucket");
    std::string text = options_.text("endpoint");
    if (text.empty()) text = dialect_.endpoint;
    Endpoint endpoint;
    if (!text.empty()) endpoint = parse_endpoint(text);
    if (!endpoint.error.empty()) return refuse(endpoint.error);
    if (const streamd_code code = find_profile_row(endpoint); code != STREAMD_OK) return code;
    const Arn arn = parse_arn(out_.bucket);
    find_region(endpoint);
    if (arn.valid) out_.region = arn.region;
    if (out_.region.empty()) return refuse("region is not set, and the endpoint does not say it");
    if (text.empty()) {
      if (out_.profile->endpoint[0] == '\0')
        return refuse("endpoint is not set, and profile " + std::string(out_.profile->name) +
                      " has none of its own");
      std::string pattern = out_.profile->endpoint;
      if (out_.profile->cloud_roles && out_.region.starts_with("cn-"))
        pattern = find_profile("aws-cn")->endpoint;
      if (options_.flag("dual-stack")) pattern.replace(0, 2, "s3.dualstack");
      if (arn.valid) pattern.replace(0, 2, "s3-accesspoint");
      endpoint = parse_endpoint(filled_in(pattern, out_.region));
    }
    return address(endpoint, arn.valid ? arn.name + "-" + arn.account : out_.bucket, arn.valid);
  }

  streamd_code address(const Endpoint& endpoint, const std::string& bucket, bool must_be_host) {
    if (bucket.find('/') != std::string::npos)
      return refuse("bucket '" + out_.bucket +
                    "' has a folder in it; what comes behind the '/' belongs into path");
    if (!is_bucket_name(bucket)) return refuse("bucket '" + out_.bucket + "' is no valid name");
    const std::string style = options_.text("address-style", "auto");
    if (style != "auto" && style != "path" && style != "host")
      return refuse("address-style must be auto, path or host, not '" + style + "'");
    bool in_host =
        out_.profile->virtual_host && fits_host(bucket, endpoint.tls) && !is_address(endpoint.host);
    if (style != "auto") in_host = style == "host";
    if (in_host && is_address(endpoint.host))
      return refuse("address-style = host needs an endpoint with a name, not an address");
    out_.address = address_of(endpoint, bucket, in_host || must_be_host);
    return STREAMD_OK;
  }

  streamd_code security() {
    return read_network(options_, call_, out_.address.endpoint, out_.network);
  }

  streamd_code sizes() {
    out_.part_size = static_cast<std::uint64_t>(options_.number("part-size", 16 << 20));
    if (out_.part_size < kSmallestPart || out_.part_size > kLargestPart)
      return refuse("part-size must be between 5MiB and 5GiB");
    const std::int64_t parts = options_.number("parallel-parts");
    const std::int64_t calls = options_.number("max-concurrency");
    if (parts < 0 || parts > 64) return refuse("parallel-parts must be between 1 and 64");
    if (calls < 0 || calls > 256) return refuse("max-concurrency must be between 1 and 256");
    out_.parallel_parts =
        parts == 0 ? out_.profile->parallel_parts : static_cast<std::uint32_t>(parts);
    out_.max_concurrency =
        calls == 0 ? out_.profile->max_concurrency : static_cast<std::uint32_t>(calls);
    const std::string if_absent = options_.text("if-absent", "auto");
    if (if_absent != "auto" && if_absent != "yes" && if_absent != "no")
      return refuse("if-absent must be auto, yes or no, not '" + if_absent + "'");
    if (if_absent == "yes") out_.if_absent = Settings::IfAbsent::kYes;
    if (if_absent == "no") out_.if_absent = Settings::IfAbsent::kNo;
    return STREAMD_OK;
  }

  streamd_code encryption() {
    const std::string sse = options_.text("sse"), kms = options_.text("sse-kms-key-id");
    const std::string storage_class = options_.text("storage-class");
    const std::string key_text = options_.text("sse-customer-key");
    if (!sse.empty() && sse != "AES256" && sse != "aws:kms")
      return refuse("sse must be AES256 or aws:kms, not '" + sse + "'");
    if (!kms.empty() && sse != "aws:kms") return refuse("sse-kms-key-id needs sse = aws:kms");
    // An empty header is an error in some stores: what is not set is not sent.
    if (!storage_class.empty())
      out_.store_headers.emplace_back("x-amz-storage-class", storage_class);
    if (!sse.empty()) out_.store_headers.emplace_back("x-amz-server-side-encryption", sse);
    if (!kms.empty())
      out_.store_headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", kms);
    if (key_text.empty()) return STREAMD_OK;
    const std::string key = from_base64(key_text);
    if (key.size() != 32) return refuse("sse-customer-key must be 32 bytes in base64");
    if (!sse.empty()) return refuse("sse and sse-customer-key exclude each other");
    if (!out_.address.endpoint.tls)
      return refuse("sse-customer-key needs https: it travels with each request");
    const std::string prefix = "x-amz-server-side-encryption-customer-";
    out_.customer_headers = {{prefix + "algorithm", "AES256"},
                             {prefix + "key", key_text},
                             {prefix + "key-MD5", md5_base64(key)}};
    return STREAMD_OK;
  }

  const sdk::Options& options_;
  const sdk::Call& call_;
  const Dialect& dialect_;
  Settings& out_;
};

}  // namespace

streamd_code read_settings(const sdk::Options& options, const sdk::Call& call,
                           const Dialect& dialect, Settings& settings) {
  return Reader(options, call, dialect, settings).run();
}

}  // namespace streamd::s3
