// Keys and objects that are the same in every run.
#pragma once
#include <algorithm>
#include <memory>

#include "base/hash.h"
#include "crypt/container.h"

namespace crypt_scene {

using namespace streamd;
using namespace streamd::crypt;

inline const GenerationId kGeneration(0x00000003deadbeef);
inline const std::string kName =
    "generations/00000003deadbeef/segments/0/"
    "000000000000000a-00000000000000ff-20261122T192549123Z.all";

inline Uuid uuid(std::uint8_t first) {
  Uuid uuid;
  for (std::size_t i = 0; i < uuid.bytes.size(); ++i)
    uuid.bytes[i] = static_cast<std::uint8_t>(first + i);
  return uuid;
}

inline std::shared_ptr<const GenerationKey> key(std::uint8_t first = 1,
                                                GenerationId generation = kGeneration) {
  SecretKey secret;
  for (std::size_t i = 0; i < secret.size(); ++i) secret[i] = static_cast<std::uint8_t>(first + i);
  return std::make_shared<const GenerationKey>(generation, uuid(0x10), secret);
}

// Bytes that no chunk has twice.
inline Bytes content(std::size_t size, std::uint64_t seed = 1) {
  Bytes bytes;
  while (bytes.size() < size) append_le(bytes, xxh3({}, seed++));
  bytes.resize(size);
  return bytes;
}

inline Bytes all_of(const ByteSource& source) {
  Bytes bytes(source.size());
  if (!source.read_at(0, bytes)) bytes.clear();
  return bytes;
}

inline Bytes sealed(const Bytes& plain, const GenerationKey& with,
                    const std::string& name = kName) {
  const MemorySource source(plain);
  return all_of(**SealedSource::over(source, with, name));
}

}  // namespace crypt_scene
