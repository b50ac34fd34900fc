#include "digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <new>

namespace streamd::cloud {

DigestStream::DigestStream(Kind kind) : kind_(kind), context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr) throw std::bad_alloc();
  begin();
}

DigestStream::~DigestStream() {
  EVP_MD_CTX_free(context_);
}

void DigestStream::begin() {
  const EVP_MD* algorithm = kind_ == Kind::kMd5    ? EVP_md5()
                            : kind_ == Kind::kSha1 ? EVP_sha1()
                                                   : EVP_sha256();
  if (EVP_DigestInit_ex(context_, algorithm, nullptr) != 1) throw std::bad_alloc();
}

void DigestStream::add(const void* data, std::size_t size) {
  EVP_DigestUpdate(context_, data, size);
}

std::string DigestStream::bytes() {
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(context_, digest, &size);
  begin();
  return {reinterpret_cast<const char*>(digest), size};
}

std::string DigestStream::finish() {
  const std::string digest = bytes();
  return hex(reinterpret_cast<const std::uint8_t*>(digest.data()), digest.size());
}

std::string DigestStream::finish_base64() {
  return base64(bytes());
}

Sha256 sha256(std::string_view bytes) {
  Sha256 digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(), &size);
  return digest;
}

std::string md5_base64(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr) != 1) return {};
  return base64({reinterpret_cast<const char*>(digest), size});
}

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return {};
  std::size_t length = static_cast<std::size_t>(size);
  for (std::size_t i = text.size(); i > 0 && text[i - 1] == '=' && length > 0; --i) --length;
  bytes.resize(length);
  return bytes;
}

}  // namespace streamd::cloud
