#include "settings.h"

#include <algorithm>

namespace streamd::b2 {
namespace {

constexpr std::uint64_t kSmallestPart = 5u << 20;
constexpr std::uint64_t kLargestPart = 5'000'000'000;
constexpr const char* kHost = "api.backblazeb2.com";

bool is_bucket_name(const std::string& name) {
  return name.size() >= 6 && name.size() <= 63 && std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.';
         });
}

streamd_code find_key(const sdk::Options& options, const sdk::Call& call,
                      const Environment& environment, Settings& out) {
  const std::string id = options.text("key-id"), key = options.text("application-key");
  if (id.empty() != key.empty())
    return call.fail(STREAMD_INVALID_CONFIG,
                     "key-id and application-key must both be set, or none of them");
  out.key_id = id;
  out.application_key = key;
  out.looked_in = "the configuration";
  for (const auto& [id_name, key_name] :
       {std::pair{"STREAMD_B2_KEY_ID", "STREAMD_B2_APPLICATION_KEY"},
        std::pair{"B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY"}}) {
    if (!out.key_id.empty()) break;
    const std::string found_id = environment(id_name), found_key = environment(key_name);
    out.looked_in += std::string(", ") + id_name;
    if (found_id.empty() || found_key.empty()) continue;
    out.key_id = found_id;
    out.application_key = found_key;
  }
  return STREAMD_OK;
}

}  // namespace

streamd_code read_settings(const sdk::Options& options, const sdk::Call& call,
                           const Environment& environment, Settings& settings) {
  Settings& out = settings;
  out.bucket = options.text("bucket");
  if (out.bucket.find('/') != std::string::npos)
    return call.fail(STREAMD_INVALID_CONFIG,
                     "bucket '%s' has a folder in it; what comes behind the '/' belongs into path",
                     out.bucket.c_str());
  if (!is_bucket_name(out.bucket))
    return call.fail(STREAMD_INVALID_CONFIG, "bucket '%s' is no valid name", out.bucket.c_str());
  out.endpoint = parse_endpoint(options.text("endpoint", kHost));
  if (!out.endpoint.error.empty())
    return call.fail(STREAMD_INVALID_CONFIG, "%s", out.endpoint.error.c_str());
  if (const auto code = read_network(options, call, out.endpoint, out.network); code != STREAMD_OK)
    return code;
  out.part_size = static_cast<std::uint64_t>(options.number("part-size", 16 << 20));
  if (out.part_size < kSmallestPart || out.part_size > kLargestPart)
    return call.fail(STREAMD_INVALID_CONFIG, "part-size must be between 5MiB and 5GB");
  const std::int64_t parts = options.number("parallel-parts", 4);
  if (parts < 1 || parts > 64)
    return call.fail(STREAMD_INVALID_CONFIG, "parallel-parts must be between 1 and 64");
  const std::int64_t calls = options.number("max-concurrency", 8);
  if (calls < 1 || calls > 256)
    return call.fail(STREAMD_INVALID_CONFIG, "max-concurrency must be between 1 and 256");
  out.parallel_parts = static_cast<std::uint32_t>(parts);
  out.max_concurrency = static_cast<std::uint32_t>(calls);
  return find_key(options, call, environment, out);
}

}  // namespace streamd::b2
