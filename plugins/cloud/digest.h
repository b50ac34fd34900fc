// Hashes and their spellings; the algorithms are OpenSSL's.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace streamd::cloud {

using Sha256 = std::array<std::uint8_t, 32>;

// Of bytes that come piece by piece. Throws std::bad_alloc.
class DigestStream {
 public:
  enum class Kind { kMd5, kSha1, kSha256 };
  explicit DigestStream(Kind kind);
  ~DigestStream();
  DigestStream(const DigestStream&) = delete;
  DigestStream& operator=(const DigestStream&) = delete;
  void add(const void* data, std::size_t size);
  // Then it begins anew.
  std::string finish();  // in hex
  std::string finish_base64();

 private:
  void begin();
  std::string bytes();
  const Kind kind_;
  evp_md_ctx_st* context_;
};

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
std::string md5_base64(std::string_view bytes);

std::string hex(const std::uint8_t* bytes, std::size_t size);  // lower case
inline std::string hex(const Sha256& digest) {
  return hex(digest.data(), digest.size());
}
std::string base64(std::string_view bytes);
// "" when the text is no base64.
std::string from_base64(std::string_view text);

}  // namespace streamd::cloud
