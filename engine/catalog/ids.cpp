#include "catalog/ids.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace streamd {

GenerationId GenerationId::make(std::uint32_t epoch) {
  return GenerationId(static_cast<std::uint64_t>(epoch) << 32 | (random_u64() & 0xffffffff));
}

Uuid Uuid::make() {
  Uuid uuid;
  random_bytes(uuid.bytes);
  uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0f) | 0x40);
  uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3f) | 0x80);
  return uuid;
}

std::string to_text(Txid txid) {
  return to_hex(txid.value, 16);
}
std::string to_text(GenerationId generation) {
  return to_hex(generation.value, 16);
}

std::string to_text(const Uuid& uuid) {
  const std::string hex = to_hex(uuid.bytes);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
         hex.substr(16, 4) + "-" + hex.substr(20);
}

bool parse_txid(std::string_view text, Txid& out) {
  return from_hex(text, 16, out.value);
}
bool parse_generation(std::string_view text, GenerationId& out) {
  return from_hex(text, 16, out.value);
}

bool parse_uuid(std::string_view text, Uuid& out) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
    return false;
  std::string hex;
  for (const char letter : text)
    if (letter != '-') hex += letter;
  return from_hex(hex, out.bytes);
}

}  // namespace streamd
