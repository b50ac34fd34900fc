#include "address.h"

#include <string_view>

namespace streamd::s3 {

Address address_of(Endpoint endpoint, const std::string& bucket, bool virtual_host) {
  if (!virtual_host) return {std::move(endpoint), "/" + bucket + "/"};
  endpoint.host = bucket + "." + endpoint.host;
  return {std::move(endpoint), "/"};
}

std::string region_in_host(const std::string& host, const std::string& pattern) {
  const std::size_t at = pattern.find("{region}");
  if (at == std::string::npos) return {};
  const std::string_view before(pattern.data(), at);
  const std::string_view after = std::string_view(pattern).substr(at + 8);
  std::string_view text = host;
  if (!text.starts_with(before) || !text.ends_with(after) ||
      text.size() <= before.size() + after.size())
    return {};
  text.remove_prefix(before.size());
  text.remove_suffix(after.size());
  if (text.starts_with("dualstack.")) text.remove_prefix(10);
  if (text.find('.') != std::string_view::npos) return {};
  return std::string(text);
}

}  // namespace streamd::s3
