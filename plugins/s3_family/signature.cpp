#include "signature.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "digest.h"

namespace streamd::s3 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string_view view(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// Without blanks at the ends; several in a row become one.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// By lower-case name; values of one name joined in their order.
std::map<std::string, std::string> canonical_headers(const Pairs& headers) {
  std::map<std::string, std::string> canonical;
  for (const auto& [name, value] : headers) {
    const auto [at, is_new] = canonical.try_emplace(lower(name), trimmed(value));
    if (!is_new) at->second += "," + trimmed(value);
  }
  return canonical;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string scope(const SigningKey& key, const std::string& date) {
  return date.substr(0, 8) + "/" + key.region + "/" + key.service + "/aws4_request";
}

}  // namespace

std::string canonical_request(const SignedParts& parts) {
  const auto headers = canonical_headers(parts.headers);
  std::string text = parts.method + "\n" + percent_encode_path(parts.path) + "\n" +
                     encode_query(parts.query) + "\n";
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  return text + "\n" + names_of(headers) + "\n" + parts.payload_hash;
}

std::string string_to_sign(const SignedParts& parts, const SigningKey& key,
                           const std::string& date) {
  return std::string(kAlgorithm) + "\n" + date + "\n" + scope(key, date) + "\n" +
         hex(sha256(canonical_request(parts)));
}

std::string authorization(const SignedParts& parts, const SigningKey& key,
                          const std::string& date) {
  Sha256 derived = hmac_sha256("AWS4" + key.secret_access_key, date.substr(0, 8));
  for (const std::string& step : {key.region, key.service, std::string("aws4_request")})
    derived = hmac_sha256(view(derived), step);
  const Sha256 signature = hmac_sha256(view(derived), string_to_sign(parts, key, date));
  return std::string(kAlgorithm) + " Credential=" + key.access_key_id + "/" + scope(key, date) +
         ", SignedHeaders=" + names_of(canonical_headers(parts.headers)) +
         ", Signature=" + hex(signature);
}

}  // namespace streamd::s3
