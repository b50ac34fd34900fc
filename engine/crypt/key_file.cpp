#include "crypt/key_file.h"

#include <sodium.h>

#include "base/file.h"
#include "base/hash.h"

namespace streamd::crypt {
namespace {

constexpr std::string_view kMagic = "STMDKEY1";

}  // namespace

std::string key_file_name(const GenerationKey& key) {
  return to_text(key.generation()) + "-" + to_hex(key.id());
}

Status write_key_file(const std::string& path, const HeldKey& held) {
  const std::string wrapped = encode(held.wrapped);
  Bytes raw;
  raw.reserve(kMagic.size() + std::tuple_size_v<SecretKey> + wrapped.size() + 8);  // never moved
  append(raw, as_bytes(kMagic));
  append(raw, held.key->secret());
  append(raw, as_bytes(wrapped));
  append_le(raw, xxh3(raw));
  Status written = replace_file(path, raw);
  sodium_memzero(raw.data(), raw.size());
  return written;
}

Result<HeldKey> read_key_file(const std::string& path) {
  Bytes raw = TRY(read_file(path, kMiB));
  ByteReader in(raw);
  const bool ours = as_text(in.take(kMagic.size())) == kMagic;
  const ByteView stored = in.take(std::tuple_size_v<SecretKey>);
  const ByteView text = in.take(in.remaining() < 8 ? 0 : in.remaining() - 8);
  const auto hash = in.le<std::uint64_t>();
  if (!ours || !in.ok() || hash != xxh3(ByteView(raw).first(raw.size() - 8)))
    return make_error(Code::kCorrupt, "read " + path + ": damaged");
  SecretKey secret{};
  std::copy(stored.begin(), stored.end(), secret.begin());
  auto wrapped = parse_wrapped(as_text(text), path);
  sodium_memzero(raw.data(), raw.size());
  if (!wrapped) return wrapped.error();
  HeldKey held;
  held.key = std::make_shared<const GenerationKey>(wrapped->generation, wrapped->database, secret);
  held.wrapped = std::move(*wrapped);
  sodium_memzero(secret.data(), secret.size());
  return held;
}

}  // namespace streamd::crypt
